// Lookups in a table of a million objects beside reading one cache line at random; a directory's nodes beside hashing their bytes.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "format/table.h"
#include "format/tree.h"
#include "hash/sha256.h"
#include "support/random_bytes.h"

using namespace store;

namespace {

constexpr std::size_t k_objects = 1'000'000;

ObjectId random_id(std::mt19937_64& random) {
  ObjectId id;
  for (std::byte& byte : id.bytes) byte = static_cast<std::byte>(random());
  return id;
}

std::vector<ObjectKey> keys(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<ObjectKey> made;
  made.reserve(count);
  for (std::size_t i = 0; i < count; ++i) made.push_back({ObjectType::chunk, random_id(random)});
  return made;
}

const Bytes& table() {
  static const Bytes bytes = [] {
    std::vector<ObjectKey> sorted = keys(k_objects, 1);
    std::sort(sorted.begin(), sorted.end());
    Bytes out;
    TableWriter writer({ObjectId{}}, k_objects, [&](ByteView part) { out.insert(out.end(), part.begin(), part.end()); });
    for (const ObjectKey& key : sorted) writer.add({.key = key});
    writer.finish();
    return out;
  }();
  return bytes;
}

void look_up(benchmark::State& state, std::uint64_t seed) {
  const TableView view(table(), FooterView::Verify::no);
  const std::vector<ObjectKey> asked = keys(100'000, seed);
  std::size_t at = 0;
  std::size_t found = 0;
  for (auto _ : state) {
    found += view.find(asked[at]).has_value() ? 1 : 0;
    at = at + 1 == asked.size() ? 0 : at + 1;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.counters["found"] = static_cast<double>(found) / static_cast<double>(state.iterations());
}
// The first of the keys that the table was made of, and none of them.
void index_lookup_hit(benchmark::State& state) { look_up(state, 1); }
void index_lookup_miss(benchmark::State& state) { look_up(state, 2); }
BENCHMARK(index_lookup_hit);
BENCHMARK(index_lookup_miss);

/// Each place is known only when the one before has been read, in memory as large as the table.
void memory_line_at_random(benchmark::State& state) {
  std::mt19937_64 random(3);
  std::vector<std::size_t> next(table().size() / sizeof(std::size_t));
  for (std::size_t i = 0; i < next.size(); ++i) next[i] = i;
  for (std::size_t i = next.size() - 1; i > 0; --i) std::swap(next[i], next[random() % i]);  // Sattolo: one cycle through all
  std::size_t at = 0;
  for (auto _ : state) at = next[at];
  benchmark::DoNotOptimize(at);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(memory_line_at_random);

std::vector<TreeEntry> entries(std::size_t count) {
  std::mt19937_64 random(4);
  std::vector<TreeEntry> made(count);
  for (std::size_t i = 0; i < count; ++i)
    made[i] = {.mode = 0644, .size = 1000, .name = fmt::format("file-{:07}.txt", i), .id = random_id(random)};
  return made;
}

void tree_building(benchmark::State& state) {
  const std::vector<TreeEntry> directory = entries(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::size_t bytes = 0;
    TreeBuilder builder([&](const NodeBuilder::Built& built) { bytes += built.bytes.size(); });
    for (const TreeEntry& entry : directory) builder.add(entry);
    benchmark::DoNotOptimize(builder.finish());
    state.counters["bytes"] = static_cast<double>(bytes);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(tree_building)->Arg(1000)->Arg(20'000)->Unit(benchmark::kMicrosecond);

/// What no Merkle tree of these entries can do without: each of them hashed once.
void tree_entries_hashed(benchmark::State& state) {
  std::vector<Bytes> encoded;
  for (const TreeEntry& entry : entries(static_cast<std::size_t>(state.range(0)))) encoded.push_back(encode_tree_entry(entry));
  for (auto _ : state)
    for (const Bytes& entry : encoded) benchmark::DoNotOptimize(sha256(entry));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(tree_entries_hashed)->Arg(1000)->Arg(20'000)->Unit(benchmark::kMicrosecond);

}  // namespace
