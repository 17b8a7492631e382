// The body of an index record, shared by log, base and journal; private to format.
#pragma once

#include "format/index_record.h"

namespace store {

/// Writes `entry` with the last bytes of its path, from `shared` on.
void put_index_record(const IndexEntry& entry, std::size_t shared, Bytes& out);
/// Reads a record whose path follows on `prefix` into `entry`, whatever that held; Error{corrupt} for anything put_index_record
/// does not write.
void get_index_record(ByteReader& in, std::string_view prefix, IndexEntry& entry);
/// Passes over a record and returns its path as written.
std::string_view skip_index_record(ByteReader& in);

}  // namespace store
