#include <doctest/doctest.h>

#include <bit>
#include <limits>

#include "base/error.h"
#include "chunk/chunker.h"
#include "hash/sha256.h"
#include "support/random_bytes.h"
#include "unit/chunk/naive_chunker.h"

using namespace store;
using Cuts = std::vector<std::uint64_t>;

namespace {

constexpr ChunkParameters k_default{};

Bytes squares(std::size_t size) {
  Bytes bytes(size);
  for (std::uint64_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(((i * i) >> 7) & 255);
  return bytes;
}

void check_vector(ByteView bytes, const Cuts& cuts) {
  CHECK(chunk_cuts(k_default, bytes) == cuts);
  CHECK(store::testing::naive_cuts(k_default, bytes) == cuts);
}

bool refused(std::uint64_t average, std::optional<std::uint64_t> min = {},
             std::optional<std::uint64_t> max = {}) {
  try {
    ChunkParameters::for_average(average, min, max);
    return false;
  } catch (const Error& error) {
    return error.kind() == ErrorKind::usage;
  }
}

}  // namespace

TEST_CASE("the gear table is the published one: SHA-256 over its label and the byte") {
  std::uint64_t all = 0;
  for (unsigned b = 0; b < 256; ++b) {
    const std::byte byte{static_cast<unsigned char>(b)};
    const ByteView parts[] = {as_bytes("store.cdc.gear64.v1"), ByteView(&byte, 1)};
    CAPTURE(b);
    CHECK(gear_table()[b] == load_u64(sha256(parts).bytes.data()));
    all ^= gear_table()[b];
  }
  CHECK(gear_table()[0] == 0xf1de8297ba5238b3ULL);
  CHECK(gear_table()[1] == 0xd23c53f257fb0ffdULL);
  CHECK(gear_table()[255] == 0x28799d1271f7ae30ULL);
  CHECK(all == 0xb19b0ab53b7cc51cULL);
}

TEST_CASE("a run of one byte holds no candidate of any level after 64 of them") {
  const auto run_hash = [](std::size_t byte) {
    std::uint64_t hash = 0;
    for (std::uint32_t i = 0; i < k_gear_window; ++i) hash = 2 * hash + gear_table()[byte];
    return hash;
  };
  for (std::size_t byte = 0; byte < 256; ++byte)
    CHECK(run_hash(byte) >= k_default.threshold << k_fallback_levels);
  // For zeros at every average: Chunker::feed_zeros steps over them by arithmetic.
  for (std::uint64_t average = 4096; average <= 4 << 20; average *= 2)
    CHECK(run_hash(0) >= ChunkParameters::for_average(average).threshold << k_fallback_levels);
}

TEST_CASE("SplitMix64 is cut as published") {
  check_vector(store::testing::random_bytes(1 << 20, 0),
               {71699, 175565, 240045, 281076, 351191, 402916, 447541, 503657, 573098, 666925, 709458, 769872,
                815175, 879071, 1005202, 1048576});
}

TEST_CASE("zeros are cut as published") { check_vector(Bytes(300'000), {131072, 262144, 300000}); }

TEST_CASE("the squares are cut as published") {
  check_vector(squares(400'000), {43086, 92238, 141390, 190542, 239694, 288846, 337998, 387150, 400000});
}

TEST_CASE("the average decides minimum, threshold and maximum") {
  CHECK(ChunkParameters::for_average(64 << 10) == k_default);
  for (std::uint64_t average = 4096; average <= 4 << 20; average *= 2) {
    const auto parameters = ChunkParameters::for_average(average);
    CHECK(parameters.min * 8 == average * 5);
    CHECK(parameters.max == average * 2);
    CHECK(parameters.threshold == std::numeric_limits<std::uint64_t>::max() / (average * 3 / 8));
  }
}

TEST_CASE("a given minimum or maximum replaces only itself") {
  CHECK(ChunkParameters::for_average(64 << 10, 64, k_chunk_limit) ==
        ChunkParameters{.min = k_gear_window, .max = k_chunk_limit, .threshold = k_default.threshold});
  CHECK(ChunkParameters::for_average(64 << 10, {}, 40961) ==
        ChunkParameters{.min = 40960, .max = 40961, .threshold = k_default.threshold});
}

TEST_CASE("averages and limits outside of the format are refused as usage") {
  CHECK(refused(0));
  CHECK(refused(2048));
  CHECK(refused(8 << 20));
  CHECK(refused(65535));
  CHECK(refused(64 << 10, k_gear_window - 1));
  CHECK(refused(64 << 10, 131072));
  CHECK(refused(64 << 10, {}, 40960));
  CHECK(refused(64 << 10, {}, k_chunk_limit + 1));
  CHECK(refused(64 << 10, std::uint64_t{1} << 32));
  CHECK_FALSE(refused(64 << 10, 131071));
}

TEST_CASE("a chunker refuses parameters that for_average would not make") {
  CHECK_THROWS_AS(Chunker({.min = 63, .max = 100, .threshold = 1}), Error);
  CHECK_THROWS_AS(Chunker({.min = 100, .max = 100, .threshold = 1}), Error);
  CHECK_THROWS_AS(Chunker({.min = 100, .max = k_chunk_limit + 1, .threshold = 1}), Error);
  CHECK_THROWS_AS(Chunker({.min = 100, .max = 200, .threshold = 0}), Error);
}
