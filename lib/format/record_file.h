// A derived file of records of one size: file header ‖ count u64 ‖ records ‖ checksum of count and records. Private to format.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace store {

/// The file up to its records, with room for them.
Bytes begin_record_file(std::string_view magic, std::size_t count, std::size_t record_size);
void finish_record_file(Bytes& file);

/// The records of a whole file, a multiple of `record_size`. Error{corrupt} for anything else; `what` names the file in messages.
ByteView records_of_file(ByteView file, std::string_view magic, std::string_view what, std::size_t record_size);

}  // namespace store
