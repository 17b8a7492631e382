#include "repo/table_set.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "pack_fixture.h"

namespace store::test {
namespace {

std::size_t uncovered_packs(const TestRepository& repository) {
  const TableSet set = open_tables(*repository, {}, FooterView::Verify::yes);
  CHECK(set.bad.empty());
  std::size_t count = 0;
  for (const CatalogState::Pack& pack : read_catalog(*repository).packs) {
    const bool covered = std::any_of(set.tables.begin(), set.tables.end(), [&](const auto& table) {
      const auto& packs = table->view.packs();
      return std::find(packs.begin(), packs.end(), pack.pack.id) != packs.end();
    });
    count += covered ? 0 : 1;
  }
  return count;
}

bool finds_all(const ObjectStore& objects, const std::vector<ObjectKey>& keys) {
  return std::all_of(keys.begin(), keys.end(), [&](const ObjectKey& key) { return objects.contains(key); });
}

}  // namespace

TEST_CASE("tables stay few and uncovered packs too, however many tiny packs come") {
  TestRepository repository;
  ObjectStore objects(*repository, {});
  std::vector<ObjectKey> keys;
  constexpr std::size_t k_batch = 30;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const auto added = publish_tiny_packs(*repository, i % 2 == 0 ? k_batch : 5, 1000 * i);
    keys.insert(keys.end(), added.begin(), added.end());
    objects.maintain_tables();
    objects.refresh();
    CHECK(repository.files_in("tables").size() <= k_max_tables);
    CHECK(uncovered_packs(repository) <= k_max_uncovered_packs);
  }
  CHECK(finds_all(objects, keys));
  CHECK(finds_all(ObjectStore(*repository, {}), keys));
  CHECK_FALSE(objects.contains(chunk_key(noise(40, 999'999))));
}

TEST_CASE("tables of different sizes are merged by tiers and never exceed their number") {
  TestRepository repository;
  // One-byte objects in blocks of many: large tables cheaply. Their ids are invented; nothing reads them.
  const auto publish_wide = [&](std::uint32_t count, std::uint64_t seed) {
    EncodedBlock block;
    block.bytes = Bytes(64);
    const Bytes random = noise(32 * std::size_t{count}, seed);
    for (std::uint32_t i = 0; i < count; ++i)
      block.keys.push_back(
          {ObjectType::chunk, ObjectId::from_bytes(ByteView(random).subspan(32 * std::size_t{i}, 32))});
    publish_pack(*repository, {block});
    return block.keys.front();
  };
  ObjectStore objects(*repository, {});
  std::vector<ObjectKey> keys;
  std::uint64_t seed = 1;
  for (const std::uint32_t size : {60'000u, 8'000u, 1'000u, 1'000u, 60'000u, 100u, 8'000u}) {
    for (std::size_t i = 0; i <= k_max_uncovered_packs; ++i)
      keys.push_back(publish_wide(i == 0 ? size : 3, seed++));
    objects.refresh();
    objects.maintain_tables();
    const TableSet set = open_tables(*repository, {}, FooterView::Verify::yes);
    CHECK(set.tables.size() <= k_max_tables);
    CHECK(uncovered_packs(repository) <= k_max_uncovered_packs);
    CHECK(finds_all(objects, keys));
  }
  CHECK(open_tables(*repository, {}, FooterView::Verify::yes).tables.size() >=
        2);  // large ones are left alone
}

TEST_CASE("a corrupt or missing table is ignored and rebuilt by the next writer") {
  TestRepository repository;
  const std::vector<ObjectKey> keys = publish_tiny_packs(*repository, 20, 1);
  ObjectStore(*repository, {}).maintain_tables();
  REQUIRE(repository.files_in("tables").size() == 1);
  const std::string table = "tables/" + repository.files_in("tables")[0];
  const std::string whole = repository.read(table);
  SUBCASE("header") { flip(repository, table, 3); }
  SUBCASE("cut short") { repository.write(table, whole.substr(0, whole.size() / 2)); }
  SUBCASE("empty") { repository.write(table, ""); }
  SUBCASE("gone") { repository.scratch.remove("repo/" + table); }
  ObjectStore objects(*repository, {});
  CHECK(finds_all(objects, keys));
  objects.maintain_tables();
  CHECK(finds_all(objects, keys));
  CHECK(repository.files_in("tables").size() == 1);
  CHECK(repository.read("tables/" + repository.files_in("tables")[0]) == whole);
}

TEST_CASE("wherever a table is wrong, reading still gives every object") {
  TestRepository repository;
  std::vector<Bytes> chunks;
  for (std::uint64_t i = 0; i < 10; ++i) {
    chunks.push_back(noise(200, i + 1));
    publish_chunks(*repository, {chunks.back()});
  }
  ObjectStore(*repository, {}).maintain_tables();
  const std::string table = "tables/" + repository.files_in("tables").at(0);
  const std::string whole = repository.read(table);
  for (std::size_t offset = 0; offset < whole.size(); offset += 7) {
    flip(repository, table, offset);
    const ObjectStore objects(*repository, {});
    INFO("offset " << offset);
    for (const Bytes& chunk : chunks) CHECK((objects.read(chunk_key(chunk)) == chunk));
    repository.write(table, whole);
  }
}

TEST_CASE("entries of packs that are gone are not answered, and a table of mostly dead packs is rewritten") {
  TestRepository repository;
  const std::vector<ObjectKey> keys = publish_tiny_packs(*repository, 12, 1);
  ObjectStore objects(*repository, {});
  objects.maintain_tables();
  const CatalogState before = read_catalog(*repository);
  ReplacePacks replace;
  for (std::size_t i = 0; i < 8; ++i) replace.removed.push_back(before.packs[i].pack.id);
  append_catalog(*repository, {replace}, {});
  objects.refresh();
  for (std::size_t i = 0; i < keys.size(); ++i) CHECK(objects.contains(keys[i]) == (i >= 8));
  CHECK(objects.find_prefix("", std::nullopt, 100).size() == 4);
  objects.maintain_tables();
  const TableSet set = open_tables(*repository, {}, FooterView::Verify::yes);
  REQUIRE(set.tables.size() == 1);
  CHECK(set.tables[0]->view.size() == 4);
  for (std::size_t i = 0; i < keys.size(); ++i) CHECK(objects.contains(keys[i]) == (i >= 8));
}

TEST_CASE("a table that cannot be written fails nothing and leaves nothing that harms") {
  for (std::uint64_t nth = 1;; ++nth) {
    TestRepository repository;
    const std::vector<ObjectKey> keys = publish_tiny_packs(*repository, 12, 1);
    ObjectStore objects(*repository, {});
    repository.fs.arm({.nth = nth, .error = ENOSPC, .bytes_before = 100});
    objects.maintain_tables();
    const std::uint64_t faults = repository.fs.faults();
    repository.fs.disarm();
    CHECK(finds_all(objects, keys));
    objects.maintain_tables();
    CHECK(uncovered_packs(repository) == 0);
    if (faults == 0) {
      CHECK(nth > 4);
      break;
    }
  }
}

}  // namespace store::test
