#include "format/record_file.h"

#include "format/file_header.h"
#include "hash/checksum.h"

namespace store {
namespace {

constexpr std::size_t k_count_size = 8;
constexpr std::size_t k_checksum_size = 8;

}  // namespace

Bytes begin_record_file(std::string_view magic, std::size_t count, std::size_t record_size) {
  Bytes file = encode_file_header(magic);
  file.reserve(k_file_header_size + k_count_size + count * record_size + k_checksum_size);
  ByteWriter(file).u64(count);
  return file;
}

void finish_record_file(Bytes& file) { ByteWriter(file).u64(xxh3(ByteView(file).subspan(k_file_header_size))); }

ByteView records_of_file(ByteView file, std::string_view magic, std::string_view what, std::size_t record_size) {
  decode_file_header(file, magic, what);
  ByteReader in(file, what);
  in.raw(k_file_header_size);
  const std::uint64_t count = in.u64();
  if (count > in.remaining() / record_size) in.fail("count exceeds the file");
  const ByteView records = in.raw(static_cast<std::size_t>(count) * record_size);
  const std::size_t end = in.offset();
  if (in.u64() != xxh3(file.subspan(k_file_header_size, end - k_file_header_size))) in.fail("checksum differs");
  in.expect_end();
  return records;
}

}  // namespace store
