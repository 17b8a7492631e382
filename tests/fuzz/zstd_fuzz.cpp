// Decompressor on hostile frames: only Error{corrupt} may come out, or exactly the bytes that were asked for.
#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "compress/zstd.h"

using namespace store;

namespace {

constexpr std::size_t k_header = 4;

/// The same frame twice gives the same bytes twice, whatever was in the buffer.
void decode_twice(Decompressor& decompressor, ByteView frame, ByteView prefix, std::size_t size) {
  Bytes first(size, std::byte{0x00}), second(size, std::byte{0xff});
  try {
    decompressor.decompress_with_prefix(frame, prefix, first);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) std::abort();
    return;
  }
  decompressor.decompress_with_prefix(frame, prefix, second);
  if (first != second) std::abort();
}

void round_trip(Decompressor& decompressor, ByteView raw, int level) {
  static Compressor compressor;
  Bytes frame(Compressor::bound(raw.size())), back(raw.size());
  frame.resize(compressor.compress(raw, frame, level));
  decompressor.decompress(frame, back);
  if (!std::equal(raw.begin(), raw.end(), back.begin())) std::abort();
}

}  // namespace

/// Input: expected size (u16), prefix length (u8), level (i8), the prefix, the frame.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Decompressor decompressor;
  if (size < k_header) return 0;
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const ByteView rest = input.subspan(k_header);
  const ByteView prefix = rest.first(std::min<std::size_t>(data[2], rest.size()));
  decode_twice(decompressor, rest.subspan(prefix.size()), prefix, data[0] | std::size_t{data[1]} << 8);
  round_trip(decompressor, rest, static_cast<std::int8_t>(data[3]) % 10);
  return 0;
}
