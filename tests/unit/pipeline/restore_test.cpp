#include "pipeline/restore.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "hash/sha256.h"
#include "pipeline/threads.h"
#include "repo/node_cursor.h"
#include "support/fault_file_system.h"
#include "support/random_bytes.h"
#include "support/repo_fixture.h"

using namespace store;
using namespace store::test;

namespace {

std::string random_text(std::size_t size, std::uint64_t seed) {
  return std::string(as_text(testing::random_bytes(size, seed)));
}

/// A flat tree that is restored into `out`.
struct RestoreFixture : RepoFixture {
  RestoreFixture() {
    parameters = ChunkParameters::for_average(4u << 10);
    inline_threshold = 16u << 10;
    scratch().make_directory("out");
  }

  struct Outcome {
    RestoreTotals totals;
    std::map<std::string, StatKey> done;
    std::map<std::string, ErrorKind> failed;
  };
  std::vector<RestoreItem> items_of(const ObjectId& tree) {
    std::vector<RestoreItem> items;
    for (NodeCursor cursor(objects(), {ObjectType::tree, tree}); !cursor.at_end(); cursor.next()) {
      const TreeEntry entry = cursor.tree_entry();
      items.push_back(
          {.path = entry.name, .kind = entry.kind, .mode = entry.mode, .size = entry.size, .id = entry.id});
    }
    return items;
  }
  Outcome restore(const std::vector<RestoreItem>& items, const RestoreOptions& options,
                  FileSystem& fs = posix_file_system()) {
    const ThreadLimit limit(options.threads, options.memory);
    const TargetTree target(fs, scratch().path("out"));
    Outcome outcome;
    std::size_t at = 0;
    outcome.totals = restore_files(
        objects(), target,
        [&]() -> std::optional<RestoreItem> { return at < items.size() ? std::optional(items[at++]) : std::nullopt; },
        [&](const RestoreItem& item, const StatKey& stat) { CHECK(outcome.done.emplace(item.path, stat).second); },
        [&](const RestoreItem& item, const Error& error) {
          CHECK(outcome.failed.emplace(item.path, error.kind()).second);
        },
        options);
    return outcome;
  }
  struct stat stat_of(const std::string& name) {
    return *stat_at(scratch().dirfd(), "out/" + name);
  }
  void check_content(const FixtureTree& tree) {
    for (const auto& item : tree) {
      const std::string& path = item.first;
      const auto& entry = item.second;
      CAPTURE(path);
      CHECK((scratch().read("out/" + path) == entry.content));
      CHECK((stat_of(path).st_mode & 07777) == entry.mode);
    }
  }
  void check_no_temporaries() {
    for (const std::string& path : scratch().list()) CHECK(path.find(".store-tmp-") == std::string::npos);
  }
};

FixtureTree mixed_tree() {
  FixtureTree tree{{"empty", file_of("")}, {"empty-2", file_of("", 0600)}};
  for (unsigned i = 0; i < 300; ++i) tree[fmt::format("small-{:03}", i)] = file_of(random_text(100 + 50 * i, 1000 + i));
  for (unsigned i = 0; i < 8; ++i)
    tree[fmt::format("large-{}", i)] = file_of(random_text(50'000 * (i + 1), 2000 + i), 0640);
  tree["same-as-large-3"] = tree["large-3"];
  tree["script"] = file_of("#!/bin/sh\n", 0755);
  tree["sparse"] = file_of(random_text(30'000, 1) + std::string(1u << 20, '\0') + random_text(5'000, 2), 0644);
  tree["zeros"] = file_of(std::string(500'000, '\0'), 0644);
  return tree;
}

constexpr std::uint64_t k_page = 4096;

}  // namespace

TEST_CASE_FIXTURE(RestoreFixture, "every file comes back with content, mode and stat, for any number of threads") {
  const FixtureTree tree = mixed_tree();
  const std::vector<RestoreItem> items = items_of(put_tree(tree));
  for (const unsigned threads : {1u, 2u, 8u}) {
    CAPTURE(threads);
    scratch().remove("out");
    scratch().make_directory("out");
    Progress progress;
    const Outcome outcome = restore(items, {.threads = threads, .progress = &progress});
    CHECK(outcome.failed.empty());
    CHECK(outcome.totals.files == tree.size());
    check_content(tree);
    check_no_temporaries();
    std::uint64_t bytes = 0;
    for (const auto& [path, entry] : tree) {
      bytes += entry.content.size();
      const struct stat info = stat_of(path);
      const StatKey& key = outcome.done.at(path);
      CHECK(key.inode == info.st_ino);
      CHECK(key.ctime_ns == info.st_ctim.tv_sec * 1'000'000'000 + info.st_ctim.tv_nsec);
    }
    CHECK(outcome.totals.bytes == bytes);
    CHECK(progress.bytes_done == bytes);
    CHECK(progress.files_done == tree.size());
  }
}

TEST_CASE_FIXTURE(RestoreFixture, "a budget too small for one batch makes many, with the same result") {
  const FixtureTree tree = mixed_tree();
  const Outcome outcome = restore(items_of(put_tree(tree)), {.threads = 2, .memory = 4096});
  CHECK(outcome.totals.files == tree.size());
  check_content(tree);
}

TEST_CASE_FIXTURE(RestoreFixture, "more large files than may be open at once") {
  inline_threshold = 0;
  FixtureTree tree;
  for (int i = 0; i < 600; ++i) tree[fmt::format("{:03}", i)] = file_of(fmt::format("content {}", i));
  const Outcome outcome = restore(items_of(put_tree(tree)), {.threads = 2});
  CHECK(outcome.totals.files == tree.size());
  check_content(tree);
}

TEST_CASE_FIXTURE(RestoreFixture, "aligned zeros of a file with a zeros entry are holes, other files are written whole") {
  const std::string pages = random_text(k_page, 1) + std::string(2 * k_page, '\0') + random_text(k_page, 2);
  const FixtureTree tree{{"with-hole", file_of(pages + std::string(1u << 20, '\0') + pages)},
                         {"without", file_of(pages + pages + pages + pages + pages)}};
  const std::vector<RestoreItem> items = items_of(put_tree(tree));
  restore(items, {.threads = 2});
  check_content(tree);
  // What stat counts is in units of 512 bytes; file systems round up to their blocks.
  const std::uint64_t data_pages = 4 + 1;
  CHECK(static_cast<std::uint64_t>(stat_of("with-hole").st_blocks) * 512 <= data_pages * k_page);
  CHECK(static_cast<std::uint64_t>(stat_of("without").st_blocks) * 512 >= tree.at("without").content.size());
}

TEST_CASE_FIXTURE(RestoreFixture, "a file that is not to be sparse is written whole") {
  const FixtureTree tree{{"zeros", file_of(std::string(1u << 20, '\0'))}};
  std::vector<RestoreItem> items = items_of(put_tree(tree));
  items.front().holes = RestoreItem::Holes::none;
  restore(items, {.threads = 2});
  check_content(tree);
  CHECK(stat_of("zeros").st_blocks * 512 >= 1 << 20);
}

TEST_CASE_FIXTURE(RestoreFixture, "each block is read once however its chunks are spread over files") {
  FixtureTree tree;
  for (int i = 0; i < 200; ++i) tree[fmt::format("{:03}", i)] = file_of(random_text(10'000, static_cast<unsigned>(i)));
  const std::vector<RestoreItem> items = items_of(put_tree(tree));
  ObjectStore fresh(repository(), {.cache_bytes = 0});
  const TargetTree target(posix_file_system(), scratch().path("out"));
  std::size_t at = items.size();  // from the back: not in pack order
  restore_files(
      fresh, target, [&]() -> std::optional<RestoreItem> { return at > 0 ? std::optional(items[--at]) : std::nullopt; },
      [](const RestoreItem&, const StatKey&) {}, [](const RestoreItem&, const Error&) { FAIL("failed"); },
      {.threads = 1});
  const std::uint64_t data_blocks = 200 * 10'000 / (2u << 20) + 1;
  CHECK(fresh.counters().blocks_read <= data_blocks);
  check_content(tree);
}

TEST_CASE_FIXTURE(RestoreFixture, "a file is replaced only if it may be") {
  const FixtureTree tree{{"a", file_of("new a")}, {"b", file_of(random_text(100'000, 1))}};
  scratch().write("out/a", "old a");
  scratch().write("out/b", "old b");
  std::vector<RestoreItem> items = items_of(put_tree(tree));
  const Outcome refused = restore(items, {.threads = 2});
  CHECK(refused.failed == std::map<std::string, ErrorKind>{{"a", ErrorKind::exists}, {"b", ErrorKind::exists}});
  CHECK(scratch().read("out/a") == "old a");
  check_no_temporaries();
  for (RestoreItem& item : items) item.replace = true;
  CHECK(restore(items, {.threads = 2}).failed.empty());
  check_content(tree);
}

TEST_CASE_FIXTURE(RestoreFixture, "files that need what is damaged fail, the others come back") {
  FixtureTree tree = mixed_tree();
  std::vector<RestoreItem> items = items_of(put_tree(tree));
  const ObjectId absent = sha256(as_bytes("not in the repository"));
  items.push_back({.path = "missing-chunk", .mode = 0644, .size = 21, .id = absent});
  items.push_back({.path = "missing-recipe", .kind = EntryKind::large_file, .mode = 0644, .size = 21, .id = absent});
  const auto wrong_size = [&](const std::string& like, const std::string& path) {
    RestoreItem item = *std::find_if(items.begin(), items.end(), [&](const RestoreItem& it) { return it.path == like; });
    item.path = path;
    ++item.size;
    items.push_back(item);
  };
  wrong_size("small-001", "wrong-small");
  wrong_size("large-1", "wrong-large");
  const Outcome outcome = restore(items, {.threads = 2});
  CHECK(outcome.failed == std::map<std::string, ErrorKind>{{"missing-chunk", ErrorKind::corrupt},
                                                           {"missing-recipe", ErrorKind::corrupt},
                                                           {"wrong-large", ErrorKind::corrupt},
                                                           {"wrong-small", ErrorKind::corrupt}});
  CHECK(outcome.totals.files == tree.size());
  check_content(tree);
  for (const auto& [path, kind] : outcome.failed) CHECK_FALSE(scratch().exists("out/" + path));
  check_no_temporaries();
}

TEST_CASE_FIXTURE(RestoreFixture, "one flipped byte in a pack never reaches a file") {
  const FixtureTree tree{{"large", file_of(random_text(400'000, 1))}, {"small", file_of(random_text(9'000, 2))}};
  const std::vector<RestoreItem> items = items_of(put_tree(tree));
  const std::string pack = "work/.store/" + layout::pack_path(objects().catalog()->packs.back().pack.id);
  const std::string good = scratch().read(pack);
  std::size_t failures = 0;
  for (std::size_t at = 100; at < 400'000; at += 30'011) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    scratch().write(pack, bad);
    scratch().remove("out");
    scratch().make_directory("out");
    ObjectStore store(repository(), {});
    const TargetTree target(posix_file_system(), scratch().path("out"));
    std::size_t next = 0;
    restore_files(
        store, target,
        [&]() -> std::optional<RestoreItem> {
          return next < items.size() ? std::optional(items[next++]) : std::nullopt;
        },
        [&](const RestoreItem& item, const StatKey&) {
          CHECK((scratch().read("out/" + item.path) == tree.at(item.path).content));
        },
        [&](const RestoreItem&, const Error& error) {
          CHECK(error.kind() == ErrorKind::corrupt);
          ++failures;
        },
        {.threads = 2});
  }
  CHECK(failures > 0);
}

TEST_CASE_FIXTURE(RestoreFixture, "a full disk ends the restore and leaves no temporary") {
  const std::vector<RestoreItem> items = items_of(put_tree(mixed_tree()));
  for (std::uint64_t nth = 1; nth < 1000; nth += 83) {
    scratch().remove("out");
    scratch().make_directory("out");
    FaultFileSystem fs;
    fs.arm({.call = FileCall::pwrite, .nth = nth, .error = ENOSPC, .lasts = FaultLasts::forever});
    ErrorKind kind = ErrorKind::no;
    try {
      restore(items, {.threads = 2}, fs);
    } catch (const Error& error) {
      kind = error.kind();
    }
    CHECK((fs.faults() == 0 ? kind == ErrorKind::no : kind == ErrorKind::no_space));
    check_no_temporaries();
  }
}

TEST_CASE_FIXTURE(RestoreFixture, "a signal ends the restore") {
  const std::vector<RestoreItem> items = items_of(put_tree(mixed_tree()));
  CancelToken cancel;
  cancel.request(2);
  ErrorKind kind = ErrorKind::no;
  try {
    restore(items, {.threads = 2, .cancel = &cancel});
  } catch (const Error& error) {
    kind = error.kind();
  }
  CHECK(kind == ErrorKind::interrupted);
}
