#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>

#include "chunk/chunker.h"
#include "support/random_bytes.h"

using namespace store;

namespace {

/// Within the last-level cache: a pipeline chunks windows that it has just read.
constexpr std::size_t k_size = std::size_t{8} << 20;

const Bytes& noise() {
  static const Bytes bytes = store::testing::random_bytes(k_size, 1);
  return bytes;
}

void report(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes));
}

/// FastCDC (Xia et al. 2016) with normalisation level 2, average 64 KiB, as its paper has it: the yardstick.
std::size_t fastcdc_chunk(const std::byte* data, std::size_t size) {
  constexpr std::size_t min = 16 << 10, normal = 64 << 10, max = 256 << 10;
  constexpr std::uint64_t strict = std::uint64_t{0x3ffff} << 46, loose = std::uint64_t{0x3fff} << 50;
  if (size <= min) return size;
  const auto& gear = gear_table();
  std::uint64_t hash = 0;
  std::size_t i = min;
  for (; i < std::min(size, normal); ++i) {
    hash = (hash << 1) + gear[std::to_integer<std::size_t>(data[i])];
    if ((hash & strict) == 0) return i + 1;
  }
  for (; i < std::min(size, max); ++i) {
    hash = (hash << 1) + gear[std::to_integer<std::size_t>(data[i])];
    if ((hash & loose) == 0) return i + 1;
  }
  return i;
}

void chunk_fastcdc_naive(benchmark::State& state) {
  const Bytes& bytes = noise();
  for (auto _ : state) {
    std::size_t chunks = 0;
    for (std::size_t at = 0; at < bytes.size(); ++chunks)
      at += fastcdc_chunk(bytes.data() + at, bytes.size() - at);
    benchmark::DoNotOptimize(chunks);
  }
  report(state, bytes.size());
}
BENCHMARK(chunk_fastcdc_naive)->Unit(benchmark::kMicrosecond);

/// In pieces of the argument's KiB, as a pipeline feeds it.
void chunk_gear64_skip(benchmark::State& state) {
  const auto piece = static_cast<std::size_t>(state.range(0)) << 10;
  const ByteView bytes(noise());
  std::vector<std::uint64_t> cuts;
  for (auto _ : state) {
    cuts.clear();
    Chunker chunker(ChunkParameters{});
    for (std::size_t at = 0; at < bytes.size(); at += piece) chunker.feed(bytes.subspan(at, piece), cuts);
    chunker.finish(cuts);
    benchmark::DoNotOptimize(cuts.data());
  }
  report(state, bytes.size());
}
BENCHMARK(chunk_gear64_skip)->Arg(64)->Arg(1024)->Arg(k_size >> 10)->Unit(benchmark::kMicrosecond);

void chunk_zeros(benchmark::State& state) {
  const Bytes bytes(k_size);
  for (auto _ : state) benchmark::DoNotOptimize(chunk_cuts(ChunkParameters{}, bytes));
  report(state, bytes.size());
}
BENCHMARK(chunk_zeros)->Unit(benchmark::kMicrosecond);

void chunk_hole(benchmark::State& state) {
  std::vector<std::uint64_t> cuts;
  for (auto _ : state) {
    cuts.clear();
    Chunker chunker(ChunkParameters{});
    chunker.feed_zeros(std::uint64_t{1} << 40, cuts);
    chunker.finish(cuts);
    benchmark::DoNotOptimize(cuts.data());
  }
}
BENCHMARK(chunk_hole)->Unit(benchmark::kMicrosecond);

void memory_copy(benchmark::State& state) {
  Bytes out(k_size);
  for (auto _ : state) {
    std::memcpy(out.data(), noise().data(), k_size);
    benchmark::ClobberMemory();
  }
  report(state, k_size);
}
BENCHMARK(memory_copy)->Unit(benchmark::kMicrosecond);

}  // namespace
