// Large files that a checkout rewrites in place: only where they differ.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops/checkout_interrupted.h"
#include "ops/restore.h"
#include "repo/session.h"
#include "support/random_bytes.h"
#include "unit/ops/checkout_fixture.h"

using namespace store;
using namespace store::test;

namespace {

constexpr std::size_t k_size = 4u << 20;
constexpr std::size_t k_edit = 64u << 10;
/// Blocks of records that a checkout writes beside content: index, journal, oplog, refs, two trees.
constexpr std::uint64_t k_records = 64u << 10;

struct RewriteFixture : CheckoutFixture {
  /// Two commits of one large file.
  void commit_both(const std::string& old_content, const std::string& new_content) {
    write("big", old_content);
    one = snapshot("one").id;
    write("big", new_content);
    two = snapshot("two").id;
    settle();
    go_to("main");  // its stat is beyond doubt from here on
  }
  ino_t inode(const std::string& name = "big") const { return stat_at(scratch().dirfd(), "work/" + name)->st_ino; }
  blkcnt_t blocks(const std::string& name = "big") const { return stat_at(scratch().dirfd(), "work/" + name)->st_blocks; }
  std::string content(const std::string& name = "big") const { return scratch().read("work/" + name); }
  bool holds(const std::string& wanted) const { return content() == wanted; }

  ObjectId one, two;
  std::string before = noise(k_size, 1);
  std::string after = [this] {
    std::string edited = before;
    return edited.replace(k_size / 2, k_edit, noise(k_edit, 2));
  }();
};

/// A handful of edits of every kind.
std::string edited(std::string content, std::uint64_t seed) {
  testing::SplitMix64 random(seed);
  for (std::uint64_t edits = random.between(1, 4); edits > 0; --edits) {
    const std::size_t at = random.between(0, content.size());
    const std::size_t length = random.between(1, 100'000);
    const bool zeros = random.between(0, 3) == 0;
    const std::string bytes = zeros ? std::string(length, '\0') : noise(length, random.next());
    switch (random.between(0, 4)) {
      case 0: content.insert(at, bytes); break;
      case 1: content.erase(at, length); break;
      case 2: content.append(bytes); break;
      case 3: content.resize(std::max<std::size_t>(content.size() - std::min(content.size(), length), k_edit)); break;
      default: content.replace(std::min(at, content.size() - 1), length, bytes); break;
    }
  }
  return content;
}

}  // namespace

TEST_CASE_FIXTURE(RewriteFixture, "of a large file only what differs is written, and it stays the same file") {
  commit_both(before, after);
  const ino_t file = inode();
  for (const auto& [target, wanted] : {std::pair(one.hex(), &before), std::pair(std::string("main"), &after)}) {
    FaultFileSystem counting(unsynced_file_system());
    env.fs = &counting;
    const CheckoutResult result = go_to(target);
    env.fs = &unsynced_file_system();
    CHECK(holds(*wanted));
    CHECK(inode() == file);
    CHECK(result.written == 1);
    CHECK(result.bytes >= k_edit);
    CHECK(result.bytes < 2 * k_edit);
    CHECK(counting.bytes_written() < 2 * k_edit + k_records);
    CHECK(status_lines().empty());
    settle();
  }
  CHECK(interrupted_sessions(open().repository()).empty());
}

TEST_CASE_FIXTURE(RewriteFixture, "whatever was edited, a checkout makes exactly the other content, in both directions") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const std::string old_content = edited(before, seed);
    const std::string new_content = edited(old_content, seed + 1000);
    commit_both(old_content, new_content);
    go_to(one);
    CHECK(holds(old_content));
    CHECK(status_lines().empty());
    settle();
    go_to("main");
    CHECK(holds(new_content));
    CHECK(status_lines().empty());
  }
}

TEST_CASE_FIXTURE(RewriteFixture, "zeros become holes where the file has holes, and none elsewhere") {
  const auto with_zeros = [&](std::size_t begin, std::size_t length) {
    std::string content = before;
    return content.replace(begin, length, std::string(length, '\0'));
  };
  write_sparse(path("big"), k_size, {{0, before.substr(0, k_size / 2)}});
  one = snapshot("one").id;
  const std::string first = content();
  // Zeros that lie in zeros are left alone.
  write_sparse(path("big"), k_size, {{0, before.substr(0, k_size / 4)}, {k_size * 3 / 4, before.substr(k_size * 3 / 4)}});
  two = snapshot("two").id;
  const std::string second = content();
  const blkcnt_t two_blocks = blocks();
  settle();
  go_to("main");
  const ino_t file = inode();
  go_to(one);
  CHECK(holds(first));
  CHECK(blocks() <= static_cast<blkcnt_t>(k_size / 2 / 512 + 64));
  settle();
  go_to("main");
  CHECK(holds(second));
  CHECK(blocks() <= two_blocks + 64);
  CHECK(inode() == file);
  remove("big");
  settings.metadata.times = true;
  commit_both(with_zeros(k_size / 2, 1u << 20), before);
  go_to(one);
  CHECK(holds(with_zeros(k_size / 2, 1u << 20)));
}

TEST_CASE_FIXTURE(RewriteFixture, "what else may be looking is not disturbed: a file with another link, or one that was changed, is replaced") {
  commit_both(before, after);
  REQUIRE(::link(path("big").c_str(), scratch().path("other").c_str()) == 0);
  go_to(one);  // making the link changed the file's stat
  CHECK(holds(before));
  CHECK(scratch().read("other") == after);
  const ino_t file = inode();
  settle();
  REQUIRE(::utimes(path("big").c_str(), nullptr) == 0);  // touched, which its content proves
  go_to("main");
  CHECK(holds(after));
  CHECK(inode() == file);
  settle();
  write("big", "mine");
  CHECK(in_the_way([&] { go_to(one); }) == "big");
  CHECK(content() == "mine");
}

TEST_CASE_FIXTURE(RewriteFixture, "a rewrite that spares little is none") {
  const std::string moved = "x" + before;
  commit_both(before, moved);
  const ino_t file = inode();
  go_to(one);
  CHECK(inode() != file);
  CHECK(holds(before));
}

TEST_CASE_FIXTURE(RewriteFixture, "killed anywhere it is never taken for clean while half written, and the same call finishes it") {
  commit_both(before, after.substr(0, k_size - 5000));
  after.resize(k_size - 5000);
  const std::vector<std::pair<std::string, const std::string*>> ways = {{one.hex(), &before}, {"main", &after}};
  std::uint64_t half = 0;
  for (const auto& way : ways) {
    const auto& [name, wanted] = way;
    const std::string target = name;
    const std::string origin = target == "main" ? one.hex() : "main";
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(target);
      CAPTURE(nth);
      const bool killed = killed_at(nth, [&] { go_to(target); });
      if (killed && !holds(before) && !holds(after)) {
        ++half;
        const IndexEntry vouched = *staged("big");
        CHECK(vouched.racy);
        CHECK(status_lines() == " M big");
        CHECK(status().interrupted);
      }
      const CheckoutResult result = go_to(target);
      CHECK(holds(*wanted));
      CHECK(result.failed.empty());
      CHECK(status_lines().empty());
      CHECK(interrupted_sessions(open().repository()).empty());
      settle();
      go_to(origin);
      settle();
      if (!killed) break;
    }
    go_to(target);
    settle();
  }
  CHECK(half >= 4);
  CHECK(fsck().problems.empty());
}

TEST_CASE_FIXTURE(RewriteFixture, "a half written file is ours until somebody writes to it") {
  commit_both(before, after);
  write("small", "3");
  const ObjectId three = snapshot("three").id;
  settle();
  go_to(two);
  const auto leave_half = [&] {
    settle();
    for (std::uint64_t nth = 1; holds(after) || holds(before); ++nth) {
      go_to(two);
      settle();
      REQUIRE(killed_at(nth, [&] { go_to(one); }));
    }
  };
  leave_half();
  SUBCASE("another target, paths, and what is staged: all may overwrite it, and nothing of it is kept") {
    take_paths(three, {"small"});
    CHECK(!interrupted_sessions(open().repository()).empty());  // still half written
    Workspace workspace = open();
    PutBackOptions options;
    options.paths.emplace_back("big");
    restore(workspace, options);
    CHECK(holds(after));
    CHECK(interrupted_sessions(open().repository()).empty());
  }
  SUBCASE("a byte of the user's, and it is in the way") {
    std::string mine = content();
    mine[10] = static_cast<char>(mine[10] + 1);
    write("big", mine);
    CHECK(in_the_way([&] { go_to(one); }) == "big");
    CHECK(content() == mine);
    force_to(one);
    CHECK(holds(before));
    CHECK(interrupted_sessions(open().repository()).empty());
  }
  SUBCASE("deleted, it is no longer half written") {
    remove("big");
    go_to(three);
    CHECK(interrupted_sessions(open().repository()).empty());
  }
}

TEST_CASE_FIXTURE(RewriteFixture, "a damaged chunk leaves the file as it was") {
  commit_both(before, after);
  int damaged = 0;
  for (const auto& [name, bytes] : packs()) {
    std::string pack = bytes;
    const std::size_t at = pack.find(before.substr(k_size / 2 + k_edit / 2, 64));  // noise is stored raw
    if (at == std::string::npos) continue;
    ++damaged;
    pack[at] = static_cast<char>(pack[at] + 1);
    scratch().write("work/.store/packs/" + name, pack);
  }
  REQUIRE(damaged == 1);
  const CheckoutResult result = go_to(one);
  REQUIRE(result.failed.size() == 1);
  CHECK(result.failed[0].path == "big");
  CHECK(result.damaged);
  CHECK(holds(after));
  CHECK(status_lines() == " M big");
  CHECK(interrupted_sessions(open().repository()).empty());
}
