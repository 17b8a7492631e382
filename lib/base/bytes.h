// base: what every module shares: byte views, ids, errors, descriptors and the file-system interface.
// It knows nothing of formats, repositories or threads beyond a mutex wrapper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace store {

using ByteView = std::span<const std::byte>;
using MutableByteView = std::span<std::byte>;
using Bytes = std::vector<std::byte>;

/// The bytes of a string, and back; no copy, the view lives as long as its source.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A fixed-capacity buffer whose memory is not initialised; for I/O windows and codec output.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t capacity);
  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  std::size_t capacity() const { return capacity_; }
  MutableByteView span(std::size_t offset, std::size_t length) { return {data_.get() + offset, length}; }
  ByteView view(std::size_t offset, std::size_t length) const { return {data_.get() + offset, length}; }

 private:
  std::unique_ptr<std::byte[]> data_;
  std::size_t capacity_ = 0;
};

/// Big-endian integers at fixed places, for records, headers and mapped tables; the caller has checked the length.
inline std::uint16_t load_u16(const std::byte* at) {
  std::uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap16(value);
}
inline std::uint32_t load_u32(const std::byte* at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}
inline std::uint64_t load_u64(const std::byte* at) {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap64(value);
}
inline void store_u32(std::byte* at, std::uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(at, &value, sizeof value);
}
inline void store_u64(std::byte* at, std::uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(at, &value, sizeof value);
}

/// Appends big-endian integers and raw bytes to a vector; the encoder half of every on-disk record.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}
  void u8(std::uint8_t value) { out_.push_back(std::byte{value}); }
  void u16(std::uint16_t value) { integer(value); }
  void u32(std::uint32_t value) { integer(value); }
  void u64(std::uint64_t value) { integer(value); }
  void raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void raw(std::string_view text) { raw(as_bytes(text)); }
  std::size_t size() const { return out_.size(); }

 private:
  template <typename Integer>
  void integer(Integer value) {
    std::byte encoded[sizeof(Integer)];
    for (std::size_t i = 0; i < sizeof(Integer); ++i)
      encoded[i] = static_cast<std::byte>(value >> (8 * (sizeof(Integer) - 1 - i)));
    out_.insert(out_.end(), encoded, encoded + sizeof(Integer));
  }
  Bytes& out_;
};

/// Reads big-endian integers from hostile bytes; every read checks its length first and throws
/// Error{corrupt} "WHAT: truncated at offset N" when the bytes end early.
class ByteReader {
 public:
  ByteReader(ByteView bytes, std::string_view what) : bytes_(bytes), what_(what) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(raw(1)[0]); }
  std::uint16_t u16() { return load_u16(raw(2).data()); }
  std::uint32_t u32() { return load_u32(raw(4).data()); }
  std::uint64_t u64() { return load_u64(raw(8).data()); }
  ByteView raw(std::size_t length) {
    if (length > remaining()) fail("truncated");
    const ByteView result = bytes_.subspan(offset_, length);
    offset_ += length;
    return result;
  }
  std::string_view text(std::size_t length) { return as_text(raw(length)); }
  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return bytes_.size() - offset_; }
  /// Throws Error{corrupt} unless every byte was read.
  void expect_end() const;
  /// Throws Error{corrupt} "WHAT: MESSAGE at offset N".
  [[noreturn]] void fail(std::string_view message) const;

 private:
  ByteView bytes_;
  std::string_view what_;
  std::size_t offset_ = 0;
};

/// True if all bytes are zero (also for none).
bool all_zero(ByteView bytes);

}  // namespace store
