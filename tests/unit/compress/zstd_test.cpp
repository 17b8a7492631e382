#include "compress/zstd.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "support/random_bytes.h"

using namespace store;
using store::testing::random_bytes;
using store::testing::SplitMix64;

namespace {

constexpr std::size_t k_largest_block = std::size_t{8} << 20;

/// Words of a small vocabulary: compresses about as text does.
Bytes text_like(std::size_t size, std::uint64_t seed) {
  SplitMix64 random(seed);
  const Bytes vocabulary = random_bytes(4096, 77);
  Bytes bytes;
  while (bytes.size() < size) {
    const auto word = ByteView(vocabulary).subspan(random.between(0, 500) * 8, 8);
    bytes.insert(bytes.end(), word.begin(), word.end());
  }
  bytes.resize(size);
  return bytes;
}

Bytes compressed(Compressor& compressor, ByteView raw, int level = 3, ByteView prefix = {}) {
  Bytes out(Compressor::bound(raw.size()));
  const std::size_t size = prefix.empty() ? compressor.compress(raw, out, level)
                                          : compressor.compress_with_prefix(raw, prefix, out, level);
  REQUIRE(size > 0);
  out.resize(size);
  return out;
}

}  // namespace

TEST_CASE("what is compressed comes back, for every level and size") {
  Compressor compressor;
  Decompressor decompressor;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{100'001}}) {
    for (const Bytes& raw : {text_like(size, 1), random_bytes(size, 2), Bytes(size)})
      for (const int level : {-5, -1, 1, 3, 9, 19}) {
        CAPTURE(size);
        CAPTURE(level);
        Bytes back(size);
        decompressor.decompress(compressed(compressor, raw, level), back);
        CHECK(back == raw);
      }
  }
}

TEST_CASE("the largest block comes back at the highest level, its window within the limit") {
  Compressor compressor;
  Decompressor decompressor;
  const Bytes raw = text_like(k_largest_block, 3);
  for (const int level : {1, 3}) {
    Bytes back(raw.size());
    decompressor.decompress(compressed(compressor, raw, level), back);
    CHECK(back == raw);
  }
  const Bytes zeros(k_largest_block);
  Bytes back(zeros.size());
  decompressor.decompress(compressed(compressor, zeros, 19), back);
  CHECK(back == zeros);
}

TEST_CASE("a frame carries its content size and neither checksum nor dictionary id") {
  Compressor compressor;
  for (const Bytes& raw : {Bytes{}, text_like(5000, 4), text_like(k_largest_block, 4)}) {
    const Bytes frame = compressed(compressor, raw);
    const auto descriptor = std::to_integer<unsigned>(frame[4]);
    CHECK((descriptor & 3u) == 0);     // dictionary id
    CHECK((descriptor & 4u) == 0);     // checksum
    CHECK((descriptor & 0xe0u) != 0);  // content size: a field of its own, or single segment
  }
}

TEST_CASE("output does not depend on what the compressor did before") {
  const Bytes raw = text_like(70'000, 5);
  const Bytes prefix = text_like(70'000, 6);
  Compressor fresh;
  const Bytes expected = compressed(fresh, raw);

  Compressor used;
  compressed(used, random_bytes(300'000, 7), 19);
  compressed(used, raw, -5);
  compressed(used, raw, 3, prefix);
  used.looks_incompressible(raw);
  Bytes too_small(10);
  CHECK(used.compress_with_prefix(raw, prefix, too_small, 3) == 0);
  CHECK(compressed(used, raw) == expected);

  Compressor moved = std::move(used);
  CHECK(compressed(moved, raw) == expected);
}

TEST_CASE("zero says that the frame does not fit, and nothing else depends on the capacity") {
  Compressor compressor;
  const Bytes raw = text_like(50'000, 8);
  const Bytes expected = compressed(compressor, raw);
  Bytes out(raw.size() - raw.size() / 16);
  CHECK(compressor.compress(raw, out, 3) == expected.size());
  CHECK(std::equal(expected.begin(), expected.end(), out.begin()));
  for (const std::size_t capacity :
       {std::size_t{0}, std::size_t{1}, expected.size() / 2, expected.size() - 1}) {
    CAPTURE(capacity);
    CHECK(compressor.compress(raw, MutableByteView(out).first(capacity), 3) == 0);
  }
  const Bytes noise = random_bytes(64 << 10, 9);
  Bytes saving(noise.size() - noise.size() / 16);
  CHECK(compressor.compress(noise, saving, 3) == 0);
}

TEST_CASE("a prefix makes a new version small and is needed to read it") {
  Compressor compressor;
  Decompressor decompressor;
  for (const std::size_t size : {std::size_t{100'000}, k_largest_block}) {
    CAPTURE(size);
    const Bytes old_version = random_bytes(size, 10);
    Bytes raw = old_version;
    raw[size / 2] ^= std::byte{1};
    const Bytes frame = compressed(compressor, raw, 3, old_version);
    CHECK(frame.size() < size / 100);

    Bytes back(size);
    decompressor.decompress_with_prefix(frame, old_version, back);
    CHECK(back == raw);

    // The prefix of one call is gone in the next.
    Bytes without(size);
    try {
      decompressor.decompress(frame, without);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::corrupt);
    }
    CHECK(without != raw);
  }
}

TEST_CASE("a prefix that begins like a zstd dictionary is only bytes") {
  Bytes prefix = random_bytes(20'000, 12);
  const unsigned char magic[] = {0x37, 0xa4, 0x30, 0xec};
  std::memcpy(prefix.data(), magic, sizeof magic);
  Compressor compressor;
  Decompressor decompressor;
  const Bytes raw = prefix;
  const Bytes frame = compressed(compressor, raw, 3, prefix);
  CHECK(frame.size() < 200);
  Bytes back(prefix.size());
  decompressor.decompress_with_prefix(frame, prefix, back);
  CHECK(back == raw);
}

TEST_CASE("noise looks incompressible, text, zeros and small data do not") {
  Compressor compressor;
  CHECK(compressor.looks_incompressible(random_bytes(64 << 10, 13)));
  CHECK_FALSE(compressor.looks_incompressible(text_like(64 << 10, 14)));
  CHECK_FALSE(compressor.looks_incompressible(Bytes(64 << 10)));
  CHECK_FALSE(compressor.looks_incompressible({}));
  CHECK_FALSE(compressor.looks_incompressible(random_bytes(1000, 15)));
}

TEST_CASE("the probe looks at the middle") {
  Compressor compressor;
  Bytes raw = random_bytes(64 << 10, 16);
  std::fill(raw.begin() + (24 << 10), raw.begin() + (40 << 10), std::byte{});
  CHECK_FALSE(compressor.looks_incompressible(raw));
}
