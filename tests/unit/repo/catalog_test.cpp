#include "repo/catalog.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "pack_fixture.h"

namespace store::test {
namespace {

std::vector<ObjectId> pack_ids(const CatalogState& state) {
  std::vector<ObjectId> ids;
  for (const CatalogState::Pack& pack : state.packs) ids.push_back(pack.pack.id);
  return ids;
}

Layer layer_of(std::int64_t time) {
  Layer layer;
  layer.time = time;
  layer.packs = {sha256(as_bytes("some pack"))};
  return layer;
}

/// A pack file that is not in the catalog.
CatalogPack seal_only(const Repository& repository, std::uint64_t seed) {
  PackWriter writer(repository, repository.fd(), true);
  writer.append(block_of({noise(100, seed)}));
  return writer.seal();
}

std::vector<CatalogPack> seal_many(const Repository& repository, std::size_t count) {
  std::vector<CatalogPack> packs;
  for (std::size_t i = 0; i < count; ++i) packs.push_back(seal_only(repository, 1000 + i));
  return packs;
}

}  // namespace

TEST_CASE("records come back in order, with packs where their record was") {
  TestRepository repository;
  CHECK(read_catalog(*repository).packs.empty());
  const CatalogPack first = seal_only(*repository, 1);
  const CatalogPack second = seal_only(*repository, 2);
  append_catalog(*repository, {AddPacks{{first}}, layer_of(10)}, {});
  append_catalog(*repository, {AddPacks{{second}}, layer_of(20)}, {});
  const CatalogState state = read_catalog(*repository);
  REQUIRE(state.packs.size() == 2);
  CHECK(state.packs[0].pack == first);
  CHECK(state.packs[0].sequence == 0);
  CHECK(state.packs[1].pack == second);
  CHECK(state.packs[1].sequence == 2);
  using Entry = CatalogHistory::Entry;
  CHECK(read_catalog_history(*repository).layers == std::vector{Entry{layer_of(10), 1}, Entry{layer_of(20), 3}});
  CHECK(state.records == 4);
  CHECK(state.size == repository.read(layout::k_catalog).size());
}

TEST_CASE("a replacement takes the place of the first pack it replaces, and the files go") {
  TestRepository repository;
  std::vector<CatalogPack> packs = seal_many(*repository, 4);
  for (const CatalogPack& pack : packs) append_catalog(*repository, {AddPacks{{pack}}}, {});
  const CatalogPack merged = seal_only(*repository, 9);
  append_catalog(*repository, {ReplacePacks{.removed = {packs[1].id, packs[3].id}, .added = {merged}}}, {});
  const CatalogState state = read_catalog(*repository);
  CHECK(pack_ids(state) == std::vector{packs[0].id, merged.id, packs[2].id});
  CHECK(state.packs[1].sequence == 1);
  CHECK(state.removed == std::vector{packs[1].id, packs[3].id});
  CHECK_FALSE(repository.scratch.exists("repo/" + layout::pack_path(packs[1].id)));
  CHECK(repository.files_in("packs").size() == 3);
}

TEST_CASE("a pack that is not live cannot be replaced") {
  TestRepository repository;
  const CatalogPack added = seal_only(*repository, 1);
  const auto error = error_of([&] {
    append_catalog(*repository, {ReplacePacks{.removed = {sha256(as_bytes("nowhere"))}, .added = {added}}},
                   {});
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::conflict);
  CHECK(read_catalog(*repository).records == 0);
}

TEST_CASE("adding a live pack again sets its flags and nothing else") {
  TestRepository repository;
  std::vector<CatalogPack> packs = seal_many(*repository, 2);
  append_catalog(*repository, {AddPacks{packs}}, {});
  packs[0].flags = k_pack_damaged;
  append_catalog(*repository, {AddPacks{{packs[0]}}}, {});
  CHECK(read_catalog(*repository).packs[0].pack == packs[0]);
  CHECK(pack_ids(read_catalog(*repository)) == std::vector{packs[0].id, packs[1].id});

  const std::uint64_t size = read_catalog(*repository).size;
  append_catalog(*repository, {AddPacks{{packs[0]}}}, {});
  CHECK(read_catalog(*repository).size == size);  // nothing new, nothing written
}

TEST_CASE("a pack without a file is refused, unless it was merged away after it was sealed") {
  TestRepository repository;
  CatalogPack pack = seal_only(*repository, 1);
  CatalogPack unknown = pack;
  unknown.id = sha256(as_bytes("nowhere"));
  const auto error = error_of([&] { append_catalog(*repository, {AddPacks{{unknown}}}, {}); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::corrupt);

  append_catalog(*repository, {AddPacks{{pack}}}, {});
  const CatalogPack merged = seal_only(*repository, 2);
  append_catalog(*repository, {ReplacePacks{.removed = {pack.id}, .added = {merged}}}, {});
  append_catalog(*repository, {AddPacks{{pack}}, layer_of(1)}, {});  // the other adder of the same content
  CHECK(pack_ids(read_catalog(*repository)) == std::vector{merged.id});
  CHECK(read_catalog_history(*repository).layers.size() == 1);
}

TEST_CASE("the catalog records the size that a pack's file has") {
  TestRepository repository;
  CatalogPack pack = seal_only(*repository, 1);
  const std::uint64_t size = pack.size;
  pack.size += 5;
  append_catalog(*repository, {AddPacks{{pack}}}, {});
  CHECK(read_catalog(*repository).packs[0].pack.size == size);
}

TEST_CASE("a torn last record does not exist, and the next writer cuts it off") {
  TestRepository repository;
  const std::vector<CatalogPack> packs = seal_many(*repository, 3);
  append_catalog(*repository, {AddPacks{{packs[0]}}}, {});
  const std::string whole = repository.read(layout::k_catalog);
  append_catalog(*repository, {AddPacks{{packs[1]}}}, {});
  const std::string longer = repository.read(layout::k_catalog);
  for (std::size_t size = whole.size(); size < longer.size(); ++size) {
    repository.write(layout::k_catalog, longer.substr(0, size));
    INFO("size " << size);
    CHECK(pack_ids(read_catalog(*repository)) == std::vector{packs[0].id});
    append_catalog(*repository, {AddPacks{{packs[2]}}}, {});
    CHECK(pack_ids(read_catalog(*repository)) == std::vector{packs[0].id, packs[2].id});
    CHECK(repository.read(layout::k_catalog).size() == longer.size());
  }
}

TEST_CASE("damage before good records is an error with a way out") {
  TestRepository repository;
  const std::vector<CatalogPack> packs = seal_many(*repository, 2);
  append_catalog(*repository, {AddPacks{{packs[0]}}}, {});
  const std::size_t middle = read_catalog(*repository).size;
  append_catalog(*repository, {AddPacks{{packs[1]}}}, {});
  SUBCASE("in a record") { flip(repository, layout::k_catalog, middle - 1); }
  SUBCASE("in the header") { flip(repository, layout::k_catalog, 0); }
  SUBCASE("the file is gone") { repository.scratch.remove(std::string("repo/") + layout::k_catalog); }
  for (const auto& error : {error_of([&] { read_catalog(*repository); }),
                            error_of([&] { append_catalog(*repository, {layer_of(1)}, {}); })}) {
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::corrupt);
    CHECK(error->hint() == "store fsck");
  }
}

TEST_CASE("an append that is refused anywhere leaves the catalog as it was") {
  for (std::uint64_t nth = 1;; ++nth) {
    TestRepository repository;
    const std::vector<CatalogPack> packs = seal_many(*repository, 2);
    append_catalog(*repository, {AddPacks{{packs[0]}}}, {});
    repository.fs.arm({.nth = nth, .error = ENOSPC, .bytes_before = 30});
    const auto error = error_of([&] {
      append_catalog(*repository, {AddPacks{{packs[1]}}, layer_of(1)}, {});
    });
    const std::uint64_t faults = repository.fs.faults();
    repository.fs.disarm();
    if (faults == 0) {
      CHECK(nth > 3);
      break;
    }
    INFO("call " << nth);
    const CatalogState state = read_catalog(*repository);
    CHECK(state.packs.size() == (error ? 1 : 2));
    CHECK(read_catalog_history(*repository).layers.size() == (error ? 0 : 1));
    append_catalog(*repository, {AddPacks{{packs[1]}}}, {});
    CHECK(read_catalog(*repository).packs.size() == 2);
  }
}

TEST_CASE("a log that is mostly dead is rewritten with the same content") {
  TestRepository repository;
  constexpr std::size_t k_packs =
      1200;  // 61 B a record each: past the floor below which nothing is rewritten
  const CatalogPack kept = seal_only(*repository, 1);
  append_catalog(*repository, {layer_of(1), AddPacks{{kept}}, layer_of(2)}, {});
  // The packs need not exist to be replaced, only to be added: one file stands for all of them.
  const std::string content = repository.read(layout::pack_path(kept.id));
  ReplacePacks replace;
  std::vector<CatalogRecord> records;
  for (std::size_t i = 0; i < k_packs; ++i) {
    CatalogPack pack = kept;
    pack.id.bytes[0] = static_cast<std::byte>(i);
    pack.id.bytes[1] = static_cast<std::byte>(i >> 8);
    repository.write(layout::pack_path(pack.id), content);
    records.emplace_back(AddPacks{{pack}});
    replace.removed.push_back(pack.id);
  }
  records.emplace_back(layer_of(3));
  append_catalog(*repository, records, {});
  const CatalogState before = read_catalog(*repository);
  CHECK(before.packs.size() == k_packs + 1);

  const CatalogPack merged = seal_only(*repository, 2);
  replace.added = {merged};
  append_catalog(*repository, {replace}, {});
  const auto [after, layers] = read_catalog_history(*repository);
  CHECK(after.size < before.size / 4);
  CHECK(pack_ids(after) == std::vector{kept.id, merged.id});
  REQUIRE(layers.size() == 3);
  for (std::size_t i = 0; i < layers.size(); ++i) CHECK(layers[i].layer == layer_of(static_cast<std::int64_t>(i) + 1));
  CHECK(after.packs[0].sequence > layers[0].sequence);
  CHECK(after.packs[0].sequence < layers[1].sequence);
  CHECK(after.packs[1].sequence < layers[2].sequence);
  CHECK(repository.files_in("packs").size() == 2);

  CatalogPack late = kept;
  late.id = replace.removed.back();
  append_catalog(*repository, {AddPacks{{late}}},
                 {});  // the rewritten log still knows that it was merged away
  CHECK(read_catalog(*repository).packs.size() == 2);
}

TEST_CASE("writers at the same time lose no record, and readers never see damage") {
  TestRepository repository;
  constexpr std::size_t k_writers = 3;
  constexpr std::size_t k_records = 40;
  std::vector<std::vector<CatalogPack>> packs;
  for (std::size_t i = 0; i < k_writers; ++i) {
    packs.emplace_back();
    for (std::size_t k = 0; k < k_records; ++k)
      packs.back().push_back(seal_only(*repository, 100 * (i + 1) + k));
  }
  std::atomic<std::size_t> running{k_writers};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < k_writers; ++i)
    threads.emplace_back([&, i] {
      const auto own = repository.open();
      for (const CatalogPack& pack : packs[i]) append_catalog(*own, {AddPacks{{pack}}}, {});
      --running;
    });
  std::size_t seen = 0;
  bool shrank = false;
  const auto reader = repository.open();
  while (running != 0) {
    const std::size_t now = read_catalog(*reader).packs.size();
    shrank |= now < seen;
    seen = now;
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(shrank);
  CHECK(read_catalog(*reader).packs.size() == k_writers * k_records);
}

}  // namespace store::test
