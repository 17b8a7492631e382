#include <benchmark/benchmark.h>
#include <zstd.h>

#include <memory>

#include "compress/zstd.h"
#include "repo/block.h"
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

/// The library alone, into memory that is there, by a context that is kept.
void zstd_compress_bare(benchmark::State& state) {
  const Bytes raw = text_like();
  Bytes out(ZSTD_compressBound(raw.size()));
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  for (auto _ : state)
    benchmark::DoNotOptimize(ZSTD_compressCCtx(context.get(), out.data(), out.size(), raw.data(), raw.size(), static_cast<int>(state.range(0))));
  report(state);
}
BENCHMARK(zstd_compress_bare)->Arg(1)->Arg(3)->Unit(benchmark::kMillisecond);

/// As ingest does it: probe, compression, header and checksum.
void block_encode(benchmark::State& state) {
  RawBlock block;
  block.bytes = text_like();
  block.lengths.push_back(k_size);
  Compressor compressor;
  for (auto _ : state) {
    block.keys.assign(1, {ObjectType::chunk, ObjectId{}});
    benchmark::DoNotOptimize(encode_block(block, compressor, {}).bytes.data());
  }
  report(state);
}
BENCHMARK(block_encode)->Unit(benchmark::kMillisecond);

void zstd_decompress(benchmark::State& state) {
  const Bytes raw = text_like();
  Bytes frame(Compressor::bound(raw.size())), out(raw.size());
  frame.resize(Compressor().compress(raw, frame, 3));
  Decompressor decompressor;
  for (auto _ : state) decompressor.decompress(frame, out);
  report(state);
}
BENCHMARK(zstd_decompress)->Unit(benchmark::kMillisecond);

void zstd_decompress_bare(benchmark::State& state) {
  const Bytes raw = text_like();
  Bytes frame(ZSTD_compressBound(raw.size())), out(raw.size());
  frame.resize(ZSTD_compress(frame.data(), frame.size(), raw.data(), raw.size(), 3));
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  for (auto _ : state) benchmark::DoNotOptimize(ZSTD_decompressDCtx(context.get(), out.data(), out.size(), frame.data(), frame.size()));
  report(state);
}
BENCHMARK(zstd_decompress_bare)->Unit(benchmark::kMillisecond);

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
