#include <benchmark/benchmark.h>

#include "compress/zstd.h"
#include "support/random_bytes.h"

using namespace store;

namespace {

constexpr std::size_t k_size = std::size_t{2} << 20;

/// Words of a small vocabulary: compresses about as sources do.
Bytes text_like() {
  const Bytes words = store::testing::random_bytes(4096, 7);
  store::testing::SplitMix64 random(1);
  Bytes bytes;
  while (bytes.size() < k_size) {
    const ByteView word = ByteView(words).subspan(random.between(0, 1000) * 4, 6);
    bytes.insert(bytes.end(), word.begin(), word.end());
  }
  bytes.resize(k_size);
  return bytes;
}

void report(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(k_size));
}

void zstd_compress(benchmark::State& state) {
  const Bytes raw = text_like();
  Bytes out(Compressor::bound(raw.size()));
  Compressor compressor;
  for (auto _ : state)
    benchmark::DoNotOptimize(compressor.compress(raw, out, static_cast<int>(state.range(0))));
  report(state);
}
BENCHMARK(zstd_compress)->Arg(1)->Arg(3)->Unit(benchmark::kMillisecond);

void zstd_decompress(benchmark::State& state) {
  const Bytes raw = text_like();
  Bytes frame(Compressor::bound(raw.size())), out(raw.size());
  frame.resize(Compressor().compress(raw, frame, 3));
  Decompressor decompressor;
  for (auto _ : state) decompressor.decompress(frame, out);
  report(state);
}
BENCHMARK(zstd_decompress)->Unit(benchmark::kMillisecond);

/// On 64 KiB chunks of noise, the dearest case.
void zstd_probe(benchmark::State& state) {
  constexpr std::size_t chunk = 64 << 10;
  const Bytes noise = store::testing::random_bytes(k_size, 2);
  Compressor compressor;
  for (auto _ : state)
    for (std::size_t at = 0; at < k_size; at += chunk)
      benchmark::DoNotOptimize(compressor.looks_incompressible(ByteView(noise).subspan(at, chunk)));
  report(state);
}
BENCHMARK(zstd_probe)->Unit(benchmark::kMicrosecond);

}  // namespace
