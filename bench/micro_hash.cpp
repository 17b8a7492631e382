#include <benchmark/benchmark.h>

#include "hash/checksum.h"
#include "hash/sha256.h"
#include "support/random_bytes.h"

using namespace store;

namespace {

/// As many messages of `size` bytes as fill a 1 MiB read buffer.
std::vector<ByteView> messages_of(std::size_t size) {
  static const Bytes bytes = store::testing::random_bytes(std::size_t{1} << 20, 1);
  std::vector<ByteView> messages;
  for (std::size_t at = 0; at + size <= bytes.size(); at += size)
    messages.push_back(ByteView(bytes).subspan(at, size));
  return messages;
}

template <typename Hash>
void run(benchmark::State& state, Hash hash) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto messages = messages_of(size);
  std::vector<ObjectId> ids(messages.size());
  for (auto _ : state) {
    hash(messages, ids);
    benchmark::DoNotOptimize(ids.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(size * messages.size()));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(messages.size()));
}

/// The incremental form is OpenSSL with a reused context.
void sha256_openssl(benchmark::State& state) {
  Sha256 digest;
  run(state, [&](const auto& messages, auto& ids) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      digest.update(messages[i]);
      ids[i] = digest.finish();
    }
  });
}
BENCHMARK(sha256_openssl)->Arg(64)->Arg(1 << 10)->Arg(4 << 10)->Arg(64 << 10);

void sha256_one_by_one(benchmark::State& state) {
  run(state, [](const auto& messages, auto& ids) {
    for (std::size_t i = 0; i < messages.size(); ++i) ids[i] = sha256(messages[i]);
  });
}
BENCHMARK(sha256_one_by_one)->Arg(64)->Arg(1 << 10)->Arg(64 << 10);

void sha256_in_batch(benchmark::State& state) {
  run(state, [](const auto& messages, auto& ids) { sha256_batch(messages, ids); });
}
BENCHMARK(sha256_in_batch)->Arg(64)->Arg(1 << 10)->Arg(4 << 10)->Arg(64 << 10);

void xxh3_checksum(benchmark::State& state) {
  std::uint64_t sum = 0;
  run(state, [&sum](const auto& messages, auto&) {
    for (const ByteView message : messages) sum += xxh3(message);
  });
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(xxh3_checksum)->Arg(64)->Arg(64 << 10);

}  // namespace
