#include "format/file_header.h"

#include <fmt/format.h>

#include "base/error.h"
#include "format/codec.h"
#include "hash/checksum.h"

namespace store {
namespace {

constexpr std::size_t k_checked_size = k_file_header_size - 8;
constexpr std::uint64_t k_known_features = 0;  // none yet

}  // namespace

Bytes encode_file_header(std::string_view magic, std::uint16_t version, std::uint64_t required) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.raw(magic);
  out.u16(version);
  out.raw(std::string_view("\0\0\0\0\0\0", 6));
  out.u64(required);
  out.u64(xxh3(bytes));
  if (bytes.size() != k_file_header_size) throw_bug(fmt::format("file header: magic {} is not 8 bytes", magic));
  return bytes;
}

FileHeader decode_file_header(ByteView bytes, std::string_view magic, std::string_view what) {
  ByteReader in(bytes, what);
  if (in.text(8) != magic) in.fail("wrong magic");
  FileHeader header;
  header.version = in.u16();
  const bool reserved_zero = all_zero(in.raw(6));
  header.required = in.u64();
  if (in.u64() != xxh3(bytes.first(k_checked_size))) in.fail("header checksum differs");
  if (header.version > k_format_version)
    throw Error(ErrorKind::newer_format, fmt::format("{}: format version {} exceeds {}", what, header.version,
                                                     k_format_version));
  if ((header.required & ~k_known_features) != 0)
    throw Error(ErrorKind::newer_format,
                fmt::format("{}: unknown required features {:#x}", what, header.required & ~k_known_features));
  if (header.version == 0 || !reserved_zero) in.fail("malformed header");
  return header;
}

}  // namespace store
