#include "base/bytes.h"

#include <fmt/format.h>

#include "base/error.h"

namespace store {

Buffer::Buffer(std::size_t capacity)
    : data_(std::make_unique_for_overwrite<std::byte[]>(capacity)), capacity_(capacity) {}

ByteView ByteReader::raw(std::size_t length) {
  if (length > remaining()) fail("truncated");
  const ByteView result = bytes_.subspan(offset_, length);
  offset_ += length;
  return result;
}

void ByteReader::expect_end() const {
  if (remaining() != 0) fail("trailing bytes");
}

void ByteReader::fail(std::string_view message) const {
  throw Error(ErrorKind::corrupt, fmt::format("{}: {} at offset {}", what_, message, offset_));
}

std::uint64_t load_u64(const std::byte* at) {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap64(value);
}

std::uint32_t load_u32(const std::byte* at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}

void store_u64(std::byte* at, std::uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(at, &value, sizeof value);
}

void store_u32(std::byte* at, std::uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(at, &value, sizeof value);
}

bool all_zero(ByteView bytes) {
  if (bytes.empty()) return true;
  return bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace store
