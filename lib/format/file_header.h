// The 32 bytes that every binary file of a repository starts with; private to format. This layout never changes,
// so that every later version can be told from damage. docs/format.md "File headers".
#pragma once

#include "base/bytes.h"

namespace store {

inline constexpr std::size_t k_file_header_size = 32;
inline constexpr std::uint16_t k_format_version = 1;  // history: 1, the first

/// magic (8 ASCII bytes) ‖ version u16 ‖ zeros (6) ‖ required u64 ‖ XXH3-64 of the 24 bytes before.
Bytes encode_file_header(std::string_view magic, std::uint16_t version = k_format_version,
                         std::uint64_t required = 0);

struct FileHeader {
  std::uint16_t version = 0;
  std::uint64_t required = 0;
};
/// Error{corrupt} unless the first bytes are a header with that magic; Error{newer_format} for a version or a
/// required feature that this program does not know. `what` names the file in messages.
FileHeader decode_file_header(ByteView bytes, std::string_view magic, std::string_view what);

}  // namespace store
