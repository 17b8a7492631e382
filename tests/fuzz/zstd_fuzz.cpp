// Decompressor on hostile frames: only Error{corrupt} may come out, or exactly the bytes that were asked for.
#include <algorithm>

#include "compress/zstd.h"
#include "fuzz/target.h"

using namespace store;

namespace {

constexpr std::size_t k_header = 4;

/// The same frame twice gives the same bytes twice, whatever was in the buffer.
void decode_twice(Decompressor& decompressor, ByteView frame, ByteView prefix, std::size_t size) {
  Bytes first(size, std::byte{0x00}), second(size, std::byte{0xff});
  if (!fuzz::answers({ErrorKind::corrupt}, [&] { decompressor.decompress_with_prefix(frame, prefix, first); })) return;
  decompressor.decompress_with_prefix(frame, prefix, second);
  fuzz::require(first == second);
}

void round_trip(Decompressor& decompressor, ByteView raw, int level) {
  static Compressor compressor;
  Bytes frame(Compressor::bound(raw.size())), back(raw.size());
  frame.resize(compressor.compress(raw, frame, level));
  decompressor.decompress(frame, back);
  fuzz::require(std::equal(raw.begin(), raw.end(), back.begin()));
}

/// Input: expected size (u16), prefix length (u8), level (i8), the prefix, the frame.
void zstd(ByteView input) {
  static Decompressor decompressor;
  if (input.size() < k_header) return;
  const auto byte = [&](std::size_t at) { return std::to_integer<std::size_t>(input[at]); };
  const ByteView rest = input.subspan(k_header);
  const ByteView prefix = rest.first(std::min(byte(2), rest.size()));
  decode_twice(decompressor, rest.subspan(prefix.size()), prefix, byte(0) | byte(1) << 8);
  round_trip(decompressor, rest, static_cast<std::int8_t>(byte(3)) % 10);
}

const fuzz::Enter k_zstd("zstd", zstd);

}  // namespace
