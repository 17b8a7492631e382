#include "repo/merge.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <thread>

#include "pack_fixture.h"
#include "repo/merge_plan.h"
#include "repo/table_set.h"

namespace store::test {
namespace {

/// Chunks by key: what must be in the repository.
using Contents = std::map<ObjectKey, Bytes>;

void add_chunk(Contents& contents, const Bytes& chunk) { contents.emplace(chunk_key(chunk), chunk); }

/// One pack per chunk.
void publish_each(const Repository& repository, Contents& contents, std::size_t count, std::uint64_t seed,
                  std::size_t size = 300) {
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes chunk = noise(size, seed + i);
    publish_chunks(repository, {chunk});
    add_chunk(contents, chunk);
  }
}

bool holds(const ObjectReader& objects, const Contents& contents) {
  return std::all_of(contents.begin(), contents.end(), [&](const auto& entry) {
    return !error_of([&] { CHECK((objects.read(entry.first) == entry.second)); });
  });
}

MergeTotals merge(const TestRepository& repository, ObjectStore& objects) {
  const Session session = repository.session();
  return merge_small_packs(*repository, objects, session.directory_fd(), {}, true);
}

/// Packs of the catalog are the files that are there.
bool no_garbage(const TestRepository& repository) {
  std::vector<std::string> live;
  for (const CatalogState::Pack& pack : read_catalog(*repository).packs)
    live.push_back(pack.pack.id.hex() + ".pack");
  std::sort(live.begin(), live.end());
  return live == repository.files_in("packs");
}

CatalogState state_of(const std::vector<std::uint64_t>& sizes) {
  CatalogState state;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    CatalogPack pack;
    store_u64(pack.id.bytes.data(), i + 1);
    pack.size = sizes[i];
    pack.objects = 1;
    state.packs.push_back({pack, i});
  }
  return state;
}

}  // namespace

TEST_CASE("packs are merged when eight of a tier exist, together with everything smaller") {
  const std::vector<std::uint64_t> seven(k_merge_fan_in - 1, 1000);
  CHECK(choose_packs_to_merge(state_of(seven)).empty());
  std::vector<std::uint64_t> sizes = seven;
  sizes.insert(sizes.end(), {1000, 100, 5000, k_merge_limit + 1});
  const auto chosen = choose_packs_to_merge(state_of(sizes));
  CHECK(chosen.size() == k_merge_fan_in + 1);
  CHECK(
      std::is_sorted(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
}

TEST_CASE("a merge that would fill the next tier takes it along") {
  std::vector<std::uint64_t> sizes(k_merge_fan_in - 1, 8000);
  sizes.insert(sizes.end(), k_merge_fan_in, 1000);
  CHECK(merge_tier(8000) == merge_tier(1000) + 1);
  CHECK(choose_packs_to_merge(state_of(sizes)).size() == sizes.size());
  sizes.erase(sizes.begin());
  CHECK(choose_packs_to_merge(state_of(sizes)).size() == k_merge_fan_in);
}

TEST_CASE("many small packs of mixed sizes are merged although no tier is full") {
  std::vector<std::uint64_t> sizes;
  for (const std::uint64_t size : {300u, 2000u, 16'000u, 120'000u}) sizes.insert(sizes.end(), 6, size);
  REQUIRE(sizes.size() == k_max_small_packs);
  CHECK(choose_packs_to_merge(state_of(sizes)).empty());
  sizes.push_back(1'000'000);
  CHECK(choose_packs_to_merge(state_of(sizes)).size() == 12);
}

TEST_CASE("large, damaged, unverified and object-rich packs are never merged") {
  CatalogState state = state_of(std::vector<std::uint64_t>(k_merge_fan_in, 1000));
  REQUIRE_FALSE(choose_packs_to_merge(state).empty());
  SUBCASE("large") { state.packs[0].pack.size = k_merge_limit + 1; }
  SUBCASE("damaged") { state.packs[0].pack.flags = k_pack_damaged; }
  SUBCASE("unverified") { state.packs[0].pack.flags = k_pack_unverified; }
  SUBCASE("object-rich") { state.packs[0].pack.objects = k_pack_object_limit / 2; }
  CHECK(choose_packs_to_merge(state).empty());
}

TEST_CASE("the merged pack holds the union, the old files are gone, layers stay") {
  TestRepository repository;
  Contents contents;
  publish_each(*repository, contents, k_merge_fan_in, 1);
  Layer layer;
  layer.packs = {read_catalog(*repository).packs[0].pack.id};
  append_catalog(*repository, {layer}, {});
  ObjectStore objects(*repository, {});
  const std::uint64_t scanned = objects.counters().blocks_read;
  const MergeTotals totals = merge(repository, objects);
  CHECK(totals.packs_before == k_merge_fan_in);
  CHECK(totals.packs_after == 1);
  const auto [state, layers] = read_catalog_history(*repository);
  REQUIRE(state.packs.size() == 1);
  CHECK(state.packs[0].pack.objects == contents.size());
  CHECK(totals.bytes_rewritten == state.packs[0].pack.size);
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].layer == layer);
  CHECK(no_garbage(repository));
  CHECK(objects.counters().blocks_read == scanned);  // copied, not decoded
  CHECK(holds(objects, contents));
  CHECK(merge(repository, objects).bytes_rewritten == 0);
}

TEST_CASE("objects that lie in several merged packs survive every further merge") {
  TestRepository repository;
  Contents contents;
  ObjectStore objects(*repository, {});
  const Bytes shared = noise(300, 7);
  add_chunk(contents, shared);
  for (std::uint64_t round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i < k_merge_fan_in; ++i) {
      const Bytes own = noise(200, 100 * round + i + 1000);
      publish_chunks(*repository, {own, shared});
      add_chunk(contents, own);
    }
    objects.refresh();
    CHECK(merge(repository, objects).bytes_rewritten > 0);
    CHECK(holds(objects, contents));
  }
  CHECK(no_garbage(repository));
}

TEST_CASE("a reader that knows only the old packs reads through a merge") {
  TestRepository repository;
  Contents contents;
  publish_each(*repository, contents, k_merge_fan_in, 1);
  const ObjectStore cold(*repository, {});
  const ObjectStore warm(*repository, {});
  CHECK(holds(warm, contents));
  ObjectStore objects(*repository, {});
  merge(repository, objects);
  CHECK(holds(cold, contents));
  CHECK(holds(warm, contents));
  CHECK(cold.catalog()->packs.size() == 1);
}

TEST_CASE("a damaged pack is marked and left out, the others are merged the next time") {
  TestRepository repository;
  Contents contents;
  publish_each(*repository, contents, k_merge_fan_in, 1);
  const CatalogPack bad = read_catalog(*repository).packs[3].pack;
  flip(repository, layout::pack_path(bad.id), k_pack_header_size + 100);
  ObjectStore objects(*repository, {});
  CHECK(merge(repository, objects).bytes_rewritten == 0);
  CatalogState state = read_catalog(*repository);
  CHECK(state.packs.size() == k_merge_fan_in);
  CHECK(state.packs[3].pack.flags == k_pack_damaged);
  publish_each(*repository, contents, 1, 100);
  objects.refresh();
  CHECK(merge(repository, objects).packs_after == 2);
  CHECK(no_garbage(repository));
  state = read_catalog(*repository);
  CHECK(std::any_of(state.packs.begin(), state.packs.end(),
                    [&](const auto& pack) { return pack.pack.id == bad.id; }));
}

TEST_CASE("while somebody else merges, nothing is done") {
  TestRepository repository;
  Contents contents;
  publish_each(*repository, contents, k_merge_fan_in, 1);
  ObjectStore objects(*repository, {});
  const auto other = repository.open();
  Lock held = other->locks().acquire(LockName::merge, LockMode::exclusive, {});
  CHECK(merge(repository, objects).bytes_rewritten == 0);
  held.release();
  CHECK(merge(repository, objects).bytes_rewritten > 0);
}

TEST_CASE("whatever call of a merge is refused, every object is there and the next merge goes through") {
  for (std::uint64_t nth = 1;; ++nth) {
    TestRepository repository;
    Contents contents;
    publish_each(*repository, contents, k_merge_fan_in, 1);
    ObjectStore objects(*repository, {});
    const Session session = repository.session();
    repository.fs.arm({.nth = nth, .error = ENOSPC, .bytes_before = 100});
    error_of([&] { merge_small_packs(*repository, objects, session.directory_fd(), {}, true); });
    const std::uint64_t faults = repository.fs.faults();
    repository.fs.disarm();
    INFO("call " << nth);
    CHECK(holds(objects, contents));
    CHECK(holds(ObjectStore(*repository, {}), contents));
    merge_small_packs(*repository, objects, session.directory_fd(), {}, true);
    CHECK(read_catalog(*repository).packs.size() == 1);
    CHECK(holds(objects, contents));
    if (faults == 0) {
      CHECK(nth > 10);
      break;
    }
  }
}

TEST_CASE("a merge that fails before the catalog is written leaves no pack behind") {
  for (std::uint64_t nth = 1;; ++nth) {
    TestRepository repository;
    Contents contents;
    publish_each(*repository, contents, k_merge_fan_in, 1);
    ObjectStore objects(*repository, {});
    const Session session = repository.session();
    repository.fs.arm({.call = FileCall::open, .nth = nth, .error = EACCES});
    const auto error = error_of([&] { merge_small_packs(*repository, objects, session.directory_fd(), {}, false); });
    const std::uint64_t faults = repository.fs.faults();
    repository.fs.disarm();
    INFO("open " << nth);
    CHECK(no_garbage(repository));
    CHECK(holds(objects, contents));
    if (faults == 0) {
      CHECK(!error);
      CHECK(nth > 3);
      break;
    }
  }
}

TEST_CASE("two adders of the same content and a merge between them lose nothing") {
  TestRepository repository;
  Contents contents;
  publish_each(*repository, contents, k_merge_fan_in - 1, 1);
  const Bytes same = noise(300, 50);
  add_chunk(contents, same);
  PackWriter second(*repository, repository->fd(), true);
  second.append(block_of({same}));
  const CatalogPack pack = second.seal();  // sealed, not yet in the catalog
  publish_chunks(*repository, {same});     // the other adder has published the very same pack
  ObjectStore objects(*repository, {});
  CHECK(merge(repository, objects).packs_after == 1);
  append_catalog(*repository, {AddPacks{{pack}}}, {});
  CHECK(holds(ObjectStore(*repository, {}), contents));
  CHECK(no_garbage(repository));
}

TEST_CASE("a thousand small commits leave few packs and tables, and rewrite little") {
  TestRepository repository;
  Contents contents;
  std::uint64_t written = 0;
  std::uint64_t rewritten = 0;
  std::size_t most_packs = 0;
  ObjectStore objects(*repository, {});
  const Session session = repository.session();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Publisher publisher(*repository, objects, session, {}, false);
    ObjectWriter writer(objects, publisher, {});
    const std::size_t size = 200 + (i * i) % 6000;
    const Bytes chunk = noise(size, i + 1);
    writer.put(chunk_key(chunk), chunk);
    writer.flush();
    written += publisher.finish(std::nullopt).stored_bytes;
    if (i % 10 == 0) add_chunk(contents, chunk);
    rewritten += merge_small_packs(*repository, objects, session.directory_fd(), {}, false).bytes_rewritten;
    objects.maintain_tables();
    most_packs = std::max(most_packs, objects.catalog()->packs.size());
  }
  CHECK(most_packs <= 32);
  CHECK(repository.files_in("packs").size() <= 32);
  CHECK(repository.files_in("tables").size() <= k_max_tables);
  CHECK(rewritten <= 4 * written);
  MESSAGE("packs at most " << most_packs << ", rewritten " << rewritten << " for " << written
                           << " new bytes");
  CHECK(no_garbage(repository));
  CHECK(read_catalog_history(*repository).layers.size() == 1000);
  CHECK(holds(ObjectStore(*repository, {}), contents));
}

TEST_CASE("readers, an adder and a merger at once lose nothing") {
  TestRepository repository;
  Contents contents;
  publish_each(*repository, contents, 5, 1);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      const auto own = repository.open();
      while (!stop) {
        const ObjectStore objects(*own, {.cache_bytes = 0});
        for (const auto& entry : contents)
          failures += error_of([&] { (void)objects.read(entry.first); }) ? 1 : 0;
      }
    });
  threads.emplace_back([&] {
    const auto own = repository.open();
    const Session session = Session::open(*own, "merger", {});
    ObjectStore objects(*own, {});
    while (!stop) {
      merge_small_packs(*own, objects, session.directory_fd(), {}, false);
      objects.maintain_tables();
    }
  });
  Contents added;
  publish_each(*repository, added, 60, 100);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  ObjectStore objects(*repository, {});
  CHECK(holds(objects, added));
  merge(repository, objects);
  CHECK(holds(objects, contents));
  CHECK(holds(objects, added));
  CHECK(objects.catalog()->packs.size() <= 32);
}

}  // namespace store::test
