// Walks, whose directories are listed ahead by several threads, and the names of owners.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <atomic>
#include <set>

#include "base/error.h"
#include "pipeline/threads.h"
#include "race.h"
#include "support/indexed_tree.h"
#include "support/scratch.h"
#include "worktree/listing.h"
#include "worktree/owner_names.h"
#include "worktree/scanner.h"

using namespace store;
using namespace store::test;

namespace {

using Paths = std::vector<std::string>;

Paths walk(const Scratch& scratch, unsigned threads, std::size_t stop_after, std::atomic<std::size_t>& asked) {
  ScanOptions options;
  options.threads = threads;
  options.accept = [&asked](const ScanEntry& entry) {
    ++asked;
    return !entry.path.ends_with("left out");
  };
  Scanner scanner(scratch.dirfd(), "", std::move(options));
  Paths paths;
  while (paths.size() < stop_after)
    if (const std::optional<ScanEntry> entry = scanner.next()) paths.push_back(entry->path);
    else break;
  return paths;
}

/// Many small directories, deep ones, and one of more names than are looked up at once.
void fill(const Scratch& scratch) {
  for (int i = 0; i < 150; ++i) {
    const std::string directory = fmt::format("d{:02}/e{}/f", i % 40, i);
    for (const char* name : {"a", "b", "left out"}) scratch.write(directory + "/" + name, "x");
  }
  for (std::size_t i = 0; i < Listing::k_chunk + 200; ++i) scratch.write(fmt::format("many/{}", i), "");
}

}  // namespace

TEST_CASE("a walk that looks ahead on several threads yields what one thread does, also when it is left early, and side by side") {
  const ThreadLimit limit(k_threads, 64u << 20);
  const Scratch scratch;
  fill(scratch);
  std::atomic<std::size_t> asked{0};
  const Paths expected = walk(scratch, 1, SIZE_MAX, asked);
  const std::size_t entries = asked;
  REQUIRE(expected.size() == entries - 150);
  for (int round = 0; round < 8; ++round) {
    asked = 0;
    CHECK(walk(scratch, k_threads, SIZE_MAX, asked) == expected);
    CHECK(asked == entries);
    const auto some = static_cast<std::size_t>(round * 90);
    CHECK(walk(scratch, k_threads, some, asked) == Paths(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(some)));
  }
  std::atomic<std::size_t> wrong{0};
  race([&](std::size_t) { wrong += walk(scratch, 2, SIZE_MAX, asked) != expected; });
  CHECK(wrong == 0);
}

TEST_CASE("what a walk's callback throws on any thread ends it with that") {
  const ThreadLimit limit(k_threads, 64u << 20);
  const Scratch scratch;
  fill(scratch);
  for (int round = 0; round < 8; ++round) {
    ScanOptions options;
    options.threads = k_threads;
    options.accept = [](const ScanEntry& entry) {
      if (entry.path == "d20/e100/f/b") throw Error(ErrorKind::system, "thrown");
      return true;
    };
    Scanner scanner(scratch.dirfd(), "", std::move(options));
    std::string last;
    std::string thrown;
    try {
      while (const std::optional<ScanEntry> entry = scanner.next()) last = entry->path;
    } catch (const Error& error) {
      thrown = error.message();
    }
    CHECK(thrown == "thrown");
    CHECK(last == "d20/e100/f");
  }
}

TEST_CASE("what did not change is found by several threads as by one, also while the tree changes") {
  const ThreadLimit limit(k_threads, 64u << 20);
  IndexedTree tree;
  for (int i = 0; i < 200; ++i) {
    tree.directory(fmt::format("{:03}", i));
    for (int j = 0; j < i % 40; ++j) tree.write(fmt::format("{:03}/{}", i, j));
  }
  tree.settle();
  for (int round = 0; round < 8; ++round) {
    tree.write(fmt::format("{:03}/new", round * 9));
    const Paths expected = tree.unchanged({}, 1);
    CHECK(expected.size() == 199 - static_cast<std::size_t>(round));
    CHECK(tree.unchanged({}, k_threads) == expected);
  }
  race([&](std::size_t thread) {
    if (thread == 0) tree.write("199/new");
    else tree.unchanged({}, 2);
  });
  CHECK(tree.unchanged().size() == 191);
}

TEST_CASE("threads that ask for the names of owners all get those of the system") {
  std::vector<std::pair<std::uint32_t, std::string>> users;
  std::vector<std::pair<std::uint32_t, std::string>> groups;
  for (std::uint32_t id = 0; id < 120; ++id) {
    const struct passwd* user = ::getpwuid(id);
    users.emplace_back(id, user == nullptr ? "" : user->pw_name);
    const struct group* group = ::getgrgid(id);
    groups.emplace_back(id, group == nullptr ? "" : group->gr_name);
  }
  const auto known = [](const std::string& name, std::uint32_t id) {
    return name.empty() ? std::nullopt : std::optional(id);
  };
  OwnerNames names;
  std::atomic<std::size_t> wrong{0};
  race([&](std::size_t thread) {
    for (int round = 0; round < 3; ++round)
      for (std::size_t i = 0; i < users.size(); ++i) {
        const std::size_t k = (i * (2 * thread + 1)) % users.size();
        wrong += names.user(users[k].first) != users[k].second;
        wrong += names.group(groups[k].first) != groups[k].second;
        wrong += names.uid_of(users[k].second) != known(users[k].second, users[k].first);
        wrong += names.gid_of(groups[k].second) != known(groups[k].second, groups[k].first);
        wrong += owner_names().user(users[k].first) != users[k].second;
        wrong += names.uid_of("nobody has this name").has_value();
      }
  });
  CHECK(wrong == 0);
  CHECK(names.uid_of("root") == 0U);
}
