#include "worktree/index.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/path.h"
#include "support/fault_file_system.h"
#include "support/random_bytes.h"
#include "support/scratch.h"
#include "unit/worktree/index_model.h"

using namespace store;
using namespace store::index_model;
using test::FaultFileSystem;
using test::FileCall;
using test::Scratch;

namespace {

std::uint64_t size_of(const Scratch& scratch, const std::string& name) {
  const std::optional<struct stat> info = stat_at(scratch.dirfd(), name);
  return info ? static_cast<std::uint64_t>(info->st_size) : 0;
}

/// Everything that can be asked about one path.
void check_queries(const Index& index, const Model& model, const std::string& path) {
  CAPTURE(path);
  const auto expected = model.find(path);
  CHECK(index.find(path) == (expected == model.end() ? std::nullopt : std::optional(expected->second)));
  auto at = model.lower_bound(path);
  const bool tracked = at != model.end() && is_within(at->first, path);
  CHECK(index.contains_within(path) == tracked);
  const bool directory = tracked && (at->first != path || at->second.kind == EntryKind::directory);
  CHECK(index.tracks(path, EntryKind::directory) == directory);
  CHECK(index.tracks(path, EntryKind::file) == (tracked && !directory));
  Index::Cursor cursor = index.seek(path);
  for (int i = 0; i < 3 && at != model.end(); ++i, ++at, cursor.next()) {
    REQUIRE_FALSE(cursor.at_end());
    REQUIRE(cursor.entry() == at->second);
  }
  if (at == model.end()) CHECK(cursor.at_end());
}

void check_next_sibling(const Index& index, const Model& model, const std::string& path) {
  auto at = model.lower_bound(path);
  if (at == model.end()) return;
  Index::Cursor cursor = index.seek(path);
  const std::string from = at->first;
  while (at != model.end() && is_within(at->first, from)) ++at;
  cursor.next_sibling();
  CAPTURE(from);
  REQUIRE(cursor.at_end() == (at == model.end()));
  if (at != model.end()) CHECK(cursor.entry() == at->second);
}

}  // namespace

TEST_CASE("an index without files is empty") {
  const Scratch scratch;
  const Index index(posix_file_system(), scratch.dirfd());
  CHECK(index.empty());
  CHECK(index.seek("").at_end());
  CHECK_FALSE(index.find(""));
  CHECK_FALSE(index.contains_within(""));
  CHECK(index.torn_bytes() == 0);
}

TEST_CASE("random batches give what a map gives, reopened after each") {
  for (const std::size_t path_padding :
       {std::size_t{0}, std::size_t{700}}) {  // both reach compaction and direct bases
    const Scratch scratch;
    testing::SplitMix64 random(path_padding + 3);
    Model model;
    for (int round = 0; round < 40; ++round) {
      CAPTURE(round);
      const std::uint64_t size = random.next() % 8 == 0 ? 2000 : random.between(0, 30);
      const Changes changes = random_changes(random, size, path_padding);
      Index writing(posix_file_system(), scratch.dirfd());
      Index::Batch batch = writing.begin();
      apply(changes, batch);
      check_equal(writing, model);  // nothing is visible before commit
      batch.commit(round % 2 == 0);
      apply(changes, model);
      check_equal(writing, model);
      const Index reading(posix_file_system(), scratch.dirfd());
      check_equal(reading, model);
      for (int i = 0; i < 30; ++i) {
        const std::string path = random_path(random, path_padding);
        check_queries(reading, model, path);
        check_next_sibling(reading, model, path);
      }
      check_next_sibling(reading, model, "");
    }
    CHECK(size_of(scratch, "index.base") > 0);
  }
}

TEST_CASE("next_sibling steps over any number of entries below, and over nothing else") {
  const Scratch scratch;
  Index index(posix_file_system(), scratch.dirfd());
  Model model;
  Index::Batch batch = index.begin();
  for (int i = 100; i < 200; ++i) model["d/" + std::to_string(i)] = {};
  for (const char* path : {"", "d", "d\x01", "d-x", "d0", "e"}) model[path] = {};
  for (auto& [path, entry] : model) {
    entry = entry_at(path, 1);
    batch.put(entry);
  }
  batch.commit(false);
  Index::Cursor cursor = index.seek("d");
  cursor.next_sibling();
  CHECK(cursor.entry().path == "d\x01");
  cursor.next_sibling();
  CHECK(cursor.entry().path == "d-x");
  for (const auto& [path, entry] : model) check_next_sibling(index, model, path);
}

TEST_CASE("an empty or abandoned batch writes nothing") {
  const Scratch scratch;
  Index index(posix_file_system(), scratch.dirfd());
  index.begin().commit(true);
  {
    Index::Batch batch = index.begin();
    batch.put(entry_at("a", 1));
  }
  CHECK(scratch.list().empty());
  {
    Index::Batch batch = index.begin();  // one that has become a base already
    for (int i = 10000; i < 20000; ++i)
      batch.put(entry_at("p" + std::to_string(i) + std::string(200, 'x'), 1));
    CHECK(scratch.exists("index.base.tmp"));
  }
  CHECK(scratch.list().empty());
  CHECK(index.empty());
}

TEST_CASE("paths that do not ascend, and a second commit, are our own errors") {
  const Scratch scratch;
  Index index(posix_file_system(), scratch.dirfd());
  Index::Batch batch = index.begin();
  batch.put(entry_at("b", 1));
  CHECK_THROWS_AS(batch.put(entry_at("b", 1)), Error);
  CHECK_THROWS_AS(batch.remove("a"), Error);
  batch.commit(false);
  CHECK_THROWS_AS(batch.commit(false), Error);
}

TEST_CASE("a synced batch syncs the log after its last byte, one without does not") {
  const Scratch scratch;
  FaultFileSystem fs;
  Index index(fs, scratch.dirfd());
  put_one(index, entry_at("a", 1), false);
  CHECK(fs.count(FileCall::fdatasync) == 0);
  put_one(index, entry_at("b", 1), true);
  CHECK(fs.count(FileCall::fdatasync) == 2);  // what the first left, then its own
  CHECK(fs.count(FileCall::rename) == 0);
}

TEST_CASE("one changed name costs little, whatever the size of the base") {
  const Scratch scratch;
  Index index(posix_file_system(), scratch.dirfd());
  Index::Batch batch = index.begin();
  for (int i = 100000; i < 120000; ++i) batch.put(entry_at(std::to_string(i) + std::string(50, 'x'), 1));
  batch.commit(true);
  const std::uint64_t base = size_of(scratch, "index.base");
  CHECK(base > 0);
  CHECK(size_of(scratch, "index.log") == 0);
  put_one(index, entry_at("100001" + std::string(50, 'x'), 2), true);
  CHECK(size_of(scratch, "index.base") == base);
  CHECK(size_of(scratch, "index.log") < 400);
}

TEST_CASE("the log is folded into the base when it exceeds a quarter of it and the limit for small ones") {
  const Scratch scratch;
  FaultFileSystem fs;
  Index index(fs, scratch.dirfd());
  Model model;
  std::uint64_t longest = 0;
  for (int round = 0; round < 40; ++round) {
    Index::Batch batch = index.begin();
    for (int i = 1000; i < 1040; ++i) {
      const IndexEntry entry = entry_at(std::to_string(i), static_cast<std::uint64_t>(round));
      model[entry.path] = entry;
      batch.put(entry);
    }
    batch.commit(false);
    longest = std::max(longest, size_of(scratch, "index.log"));
  }
  check_equal(index, model);
  CHECK(longest <= Index::k_min_log_limit);
  CHECK(longest > Index::k_min_log_limit / 2);
  CHECK(fs.count(FileCall::rename) > 1);
}

TEST_CASE("a cursor opened before stays valid while a batch is gathered") {
  const Scratch scratch;
  Index index(posix_file_system(), scratch.dirfd());
  put_one(index, entry_at("a", 1), false);
  put_one(index, entry_at("z", 1), false);
  Index::Cursor cursor = index.seek("");
  Index::Batch batch = index.begin();
  for (int i = 10000; i < 20000; ++i) batch.put(entry_at("p" + std::to_string(i) + std::string(200, 'x'), 1));
  CHECK(cursor.entry().path == "a");
  cursor.next();
  CHECK(cursor.entry().path == "z");
  batch.commit(false);
  CHECK(index.find("z"));
  CHECK(index.find("p10000" + std::string(200, 'x')));
}

TEST_CASE("an index opened before somebody else wrote begins on the newest state") {
  const Scratch scratch;
  Index one(posix_file_system(), scratch.dirfd());
  Index other(posix_file_system(), scratch.dirfd());
  put_one(one, entry_at("a", 1), false);
  put_one(other, entry_at("b", 1), false);
  CHECK(other.find("a"));
  CHECK(Index(posix_file_system(), scratch.dirfd()).find("a"));
}

TEST_CASE("an entry is racy until its stamps are 20 ms old, 2 s where they are whole seconds") {
  constexpr std::int64_t k_ms = 1'000'000;
  constexpr std::int64_t k_stamp = 1'700'000'000'123'456'789;
  constexpr std::int64_t k_whole = 1'700'000'000'000'000'000;
  const auto key = [](std::int64_t mtime, std::int64_t ctime) {
    StatKey stat;
    stat.mtime_ns = mtime;
    stat.ctime_ns = ctime;
    return stat;
  };
  CHECK(is_racy(key(k_stamp, k_stamp), k_stamp));
  CHECK(is_racy(key(k_stamp, k_stamp), k_stamp + 20 * k_ms - 1));
  CHECK_FALSE(is_racy(key(k_stamp, k_stamp), k_stamp + 20 * k_ms));
  CHECK(is_racy(key(k_stamp - 3000 * k_ms, k_stamp), k_stamp));
  CHECK(is_racy(key(k_stamp, k_stamp - 3000 * k_ms), k_stamp));
  CHECK(is_racy(key(k_whole, k_whole), k_whole + 2000 * k_ms - 1));
  CHECK_FALSE(is_racy(key(k_whole, k_whole), k_whole + 2000 * k_ms));
  // Set by somebody to a time to come; and a clock that runs ahead of ours.
  CHECK_FALSE(is_racy(key(k_stamp + 3000 * k_ms, k_stamp), k_stamp + 100 * k_ms));
  CHECK(is_racy(key(k_stamp, k_stamp + 3000 * k_ms), k_stamp + 100 * k_ms));
}
