#include "chunk/chunker.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "support/random_bytes.h"
#include "unit/chunk/naive_chunker.h"

using namespace store;
using store::testing::naive_cuts;
using store::testing::random_bytes;
using store::testing::SplitMix64;
using Cuts = std::vector<std::uint64_t>;

namespace {

/// Small chunks, and thresholds from "no candidate at all" over the format's own densities to "each byte is
/// one".
ChunkParameters random_parameters(SplitMix64& random) {
  const auto min = static_cast<std::uint32_t>(random.between(k_gear_window, 400));
  const auto max = static_cast<std::uint32_t>(min + random.between(1, 600));
  const std::uint64_t bits = random.between(0, 63);
  return {.min = min, .max = max, .threshold = random.next() >> bits | 1};
}

/// Random, repetitive and zero stretches in turn.
Bytes random_content(SplitMix64& random) {
  Bytes bytes;
  for (std::uint64_t stretches = random.between(0, 8); stretches > 0; --stretches) {
    const auto size = static_cast<std::size_t>(random.between(0, 1500));
    Bytes stretch(size);
    const std::uint64_t kind = random.between(0, 3);
    if (kind == 0) stretch = random_bytes(size, random.next());
    if (kind == 1)
      for (std::size_t i = 0; i < size; ++i) stretch[i] = static_cast<std::byte>(i % 7);
    if (kind == 2) std::fill(stretch.begin(), stretch.end(), static_cast<std::byte>(random.next() & 0xff));
    bytes.insert(bytes.end(), stretch.begin(), stretch.end());
  }
  return bytes;
}

enum class Zeros { as_bytes, by_length, as_holes };

/// feed_hole, with the chunks that it only counts written out.
void feed_hole(Chunker& chunker, const ChunkParameters& parameters, std::uint64_t length, Cuts& cuts) {
  const std::uint64_t chunks = chunker.feed_hole(length, cuts);
  for (std::uint64_t i = 0; i < chunks; ++i)
    cuts.push_back((cuts.empty() ? 0 : cuts.back()) + parameters.max);
}

/// Feeds `bytes` in random pieces; runs of zeros as `way` says.
Cuts cuts_in_pieces(const ChunkParameters& parameters, ByteView bytes, SplitMix64& random, Zeros way) {
  Chunker chunker(parameters);
  Cuts cuts;
  while (!bytes.empty()) {
    const std::uint64_t longest = random.between(0, 2) == 0 ? 3 : 900;
    auto piece = bytes.first(std::min(bytes.size(), static_cast<std::size_t>(random.between(0, longest))));
    const auto zeros = static_cast<std::size_t>(
        std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{}; }) -
        bytes.begin());
    if (way != Zeros::as_bytes && zeros > 0) {
      piece = bytes.first(random.between(0, 3) == 0 ? random.between(1, zeros) : zeros);
      if (way == Zeros::by_length)
        chunker.feed_zeros(piece.size(), cuts);
      else
        feed_hole(chunker, parameters, piece.size(), cuts);
    } else {
      chunker.feed(piece, cuts);
    }
    bytes = bytes.subspan(piece.size());
    REQUIRE(chunker.chunk_start() == (cuts.empty() ? 0 : cuts.back()));
    REQUIRE(chunker.position() - chunker.chunk_start() < parameters.max);
  }
  chunker.finish(cuts);
  return cuts;
}

}  // namespace

TEST_CASE("cuts are those of the specification for any parameters, content and pieces") {
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    CAPTURE(seed);
    SplitMix64 random(seed);
    const ChunkParameters parameters = random_parameters(random);
    const Bytes content = random_content(random);
    const Cuts expected = naive_cuts(parameters, content);
    REQUIRE(chunk_cuts(parameters, content) == expected);
    for (const Zeros way : {Zeros::as_bytes, Zeros::by_length, Zeros::as_holes})
      REQUIRE(cuts_in_pieces(parameters, content, random, way) == expected);
  }
}

TEST_CASE("a fallback cut may leave more than a minimum of scanned bytes to the next chunk") {
  // One cut in 32768 bytes, one candidate in 2048: of chunks that end early, nearly all end at a fallback.
  // The second set puts a candidate right on the next chunk's minimum now and then.
  const ChunkParameters sets[] = {{.min = 64, .max = 2000, .threshold = std::uint64_t{1} << 49},
                                  {.min = 64, .max = 300, .threshold = std::uint64_t{1} << 52}};
  for (const ChunkParameters& parameters : sets) {
    std::size_t early = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      CAPTURE(seed);
      const Bytes content = random_bytes(20'000, seed);
      const Cuts expected = naive_cuts(parameters, content);
      SplitMix64 random(seed);
      REQUIRE(cuts_in_pieces(parameters, content, random, Zeros::as_bytes) == expected);
      for (std::size_t i = 1; i < expected.size(); ++i)
        early += expected[i] - expected[i - 1] + 2 * parameters.min < parameters.max ? 1u : 0u;
    }
    CHECK(early > 100);
  }
}

TEST_CASE("the default parameters give the same cuts for every split of one stream into two") {
  constexpr ChunkParameters parameters{};
  const Bytes content = random_bytes(3 * parameters.max + 1, 7);
  const Cuts expected = naive_cuts(parameters, content);
  const auto check_split = [&](std::size_t split) {
    Chunker chunker(parameters);
    Cuts cuts;
    chunker.feed(ByteView(content).first(split), cuts);
    chunker.feed(ByteView(content).subspan(split), cuts);
    chunker.finish(cuts);
    REQUIRE(cuts == expected);
  };
  for (std::size_t split = 0; split <= content.size(); split += 4999) check_split(split);
  for (const std::uint64_t edge :
       {expected[0], expected[0] + parameters.min - k_gear_window, expected[0] + parameters.min})
    for (std::size_t split = edge - 2; split <= edge + 2; ++split) check_split(split);
}

TEST_CASE("chunks keep to the sizes around minimum and maximum") {
  constexpr ChunkParameters parameters{};
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{parameters.min}, parameters.min + std::size_t{1},
        parameters.max - std::size_t{1}, std::size_t{parameters.max}, parameters.max + std::size_t{1},
        3 * std::size_t{parameters.max} + 1}) {
    CAPTURE(size);
    const Bytes content = random_bytes(size, 8);
    const Cuts cuts = chunk_cuts(parameters, content);
    CHECK(cuts == naive_cuts(parameters, content));
    CHECK((cuts.empty() ? 0 : cuts.back()) == size);
    std::uint64_t start = 0;
    for (const std::uint64_t cut : cuts) {
      CHECK(cut - start <= parameters.max);
      if (cut != size) CHECK(cut - start > parameters.min);
      start = cut;
    }
  }
}

TEST_CASE("a cut is told as soon as its bytes are in") {
  constexpr ChunkParameters parameters{};
  Chunker chunker(parameters);
  Cuts cuts;
  chunker.feed_zeros(parameters.max - 1, cuts);
  CHECK(cuts.empty());
  chunker.feed_zeros(1, cuts);
  CHECK(cuts == Cuts{parameters.max});
}

TEST_CASE("a terabyte of hole is cut at every maximum, between content as by itself") {
  const auto parameters = ChunkParameters::for_average(4 << 20);
  constexpr std::uint64_t hole = std::uint64_t{1} << 40;
  Chunker chunker(parameters);
  Cuts cuts;
  chunker.feed_zeros(hole, cuts);
  CHECK(cuts.size() == hole / parameters.max);
  bool regular = true;
  for (std::size_t i = 0; i < cuts.size(); ++i) regular = regular && cuts[i] == (i + 1) * parameters.max;
  CHECK(regular);

  const Bytes content = random_bytes(100'000, 9);
  chunker.feed(content, cuts);
  chunker.feed_zeros(hole, cuts);
  CHECK(chunker.position() == 2 * hole + content.size());
  chunker.finish(cuts);
  CHECK(cuts.back() == 2 * hole + content.size());
}

TEST_CASE("an exabyte of hole takes a few steps, and its chunks are counted") {
  constexpr ChunkParameters parameters{};
  constexpr std::uint64_t hole = std::uint64_t{1} << 60;
  const Bytes content = random_bytes(100'000, 12);
  Chunker chunker(parameters);
  Cuts cuts;
  chunker.feed(content, cuts);
  const std::uint64_t chunks = chunker.feed_hole(hole, cuts);
  REQUIRE(cuts.size() < 10);
  CHECK(cuts.back() >= content.size());
  CHECK(chunks == (content.size() + hole - cuts.back()) / parameters.max);
  CHECK(chunker.chunk_start() == cuts.back() + chunks * parameters.max);
  CHECK(chunker.position() == content.size() + hole);
  chunker.finish(cuts);
  CHECK(cuts.back() == content.size() + hole);
}

TEST_CASE("after finish the chunker starts over") {
  const Bytes content = random_bytes(500'000, 10);
  Chunker chunker(ChunkParameters{});
  Cuts first, second;
  chunker.feed(content, first);
  chunker.finish(first);
  CHECK(chunker.position() == 0);
  CHECK(chunker.chunk_start() == 0);
  chunker.feed(content, second);
  chunker.finish(second);
  CHECK(first == second);
  second.clear();
  chunker.finish(second);
  CHECK(second.empty());
}

TEST_CASE("an inserted byte changes one or two chunks, the rest is found again") {
  constexpr ChunkParameters parameters{};
  Bytes content = random_bytes(4 << 20, 11);
  const Cuts before = chunk_cuts(parameters, content);
  content.insert(content.begin() + 1'500'000, std::byte{42});
  const Cuts after = chunk_cuts(parameters, content);
  std::size_t found = 0;
  for (const std::uint64_t cut : before) {
    const std::uint64_t moved = cut < 1'500'000 ? cut : cut + 1;
    found += std::binary_search(after.begin(), after.end(), moved) ? 1u : 0u;
  }
  CHECK(found + 2 >= before.size());
}
