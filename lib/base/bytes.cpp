#include "base/bytes.h"

#include <fmt/format.h>

#include "base/error.h"

namespace store {

Buffer::Buffer(std::size_t capacity)
    : data_(std::make_unique_for_overwrite<std::byte[]>(capacity)), capacity_(capacity) {}

void ByteReader::expect_end() const {
  if (remaining() != 0) fail("trailing bytes");
}

void ByteReader::fail(std::string_view message) const {
  throw Error(ErrorKind::corrupt, fmt::format("{}: {} at offset {}", what_, message, offset_));
}

bool all_zero(ByteView bytes) {
  if (bytes.empty()) return true;
  return bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace store
