#include "worktree/unchanged.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <tbb/global_control.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/indexed_tree.h"

using namespace store;
using test::IndexedTree;

namespace {

using Paths = std::vector<std::string>;

/// As many threads as the tests ask for, also on a machine with fewer CPUs.
const tbb::global_control g_threads(tbb::global_control::max_allowed_parallelism, 4);

/// a/b/{1,2}, a/3, c/4, d/ (empty), top
struct SmallTree : IndexedTree {
  SmallTree() {
    for (const char* path : {"a", "a/b", "c", "d"}) directory(path);
    for (const char* path : {"a/b/1", "a/b/2", "a/3", "c/4", "top"}) write(path);
    settle();
  }
};

}  // namespace

TEST_CASE("the outermost directories in which nothing changed are found, with the counts of what is below") {
  const SmallTree tree;
  CHECK(tree.unchanged() == Paths{"a", "c", "d"});
  const UnchangedSubtrees found = tree.search();
  const UnchangedSubtree& a = found.subtrees.at("a");
  CHECK(a.files == 3);
  CHECK(a.directories == 1);
  CHECK(a.bytes == 3);
  CHECK(a.chunks == 3);
  CHECK(found.subtrees.at("d").files == 0);
  CHECK(found.confirmed.size() == 4);
}

TEST_CASE("a change shows in its directory and those above, not beside them") {
  const SmallTree tree;
  SUBCASE("content") { tree.write("a/b/1", "other"); }
  SUBCASE("a new name") { tree.write("a/b/new"); }
  SUBCASE("a name that is gone") { REQUIRE(::unlinkat(tree.root(), "a/b/1", 0) == 0); }
  SUBCASE("a mode") { REQUIRE(::fchmodat(tree.root(), "a/b/2", 0600, 0) == 0); }
  SUBCASE("the mode of the directory") { REQUIRE(::fchmodat(tree.root(), "a/b", 0700, 0) == 0); }
  SUBCASE("a link in the place of a file") {
    REQUIRE(::unlinkat(tree.root(), "a/b/1", 0) == 0);
    REQUIRE(::symlinkat("2", tree.root(), "a/b/1") == 0);
  }
  SUBCASE("a name that is no more tracked, as if it had never been") {
    tree.track("a/b/1", [](IndexEntry& entry) { entry.removed = true; });
  }
  SUBCASE("an entry that is to be read again") { tree.track("a/b/1", [](IndexEntry& entry) { entry.racy = true; }); }
  SUBCASE("an entry that is not there, because it came from a stream") {
    REQUIRE(::unlinkat(tree.root(), "a/b/1", 0) == 0);
    tree.track("a/b/1", [](IndexEntry& entry) { entry.streamed = true; });
  }
  CHECK(tree.unchanged() == Paths{"c", "d"});
}

TEST_CASE("what is unchanged in a directory that changed is found by itself") {
  const SmallTree tree;
  tree.write("a/3", "other");
  CHECK(tree.unchanged() == Paths{"a/b", "c", "d"});
}

TEST_CASE("a directory in the place of another one is not taken for it") {
  const SmallTree tree;
  REQUIRE(::renameat(tree.root(), "a/b", tree.root(), "moved") == 0);
  SUBCASE("a new one of the same names") {
    tree.directory("a/b");
    tree.write("a/b/1");
    tree.write("a/b/2");
  }
  SUBCASE("a link to where it went") { REQUIRE(::symlinkat("../moved", tree.root(), "a/b") == 0); }
  CHECK(tree.unchanged() == Paths{"c", "d"});
}

TEST_CASE("further conditions hold for files, and for directories") {
  const SmallTree tree;
  UnchangedOptions options;
  options.accept = [](const IndexEntry& entry) { return entry.path != "c/4"; };
  CHECK(tree.unchanged(options) == Paths{"a", "d"});
  options.accept_directory = [](const IndexEntry& tracked, const ScanEntry& found) {
    return found.kind == EntryKind::directory && tracked.path != "d";
  };
  CHECK(tree.unchanged(options) == Paths{"a"});
}

TEST_CASE("more files than one part of a directory holds, with directories among them") {
  IndexedTree tree;
  tree.directory("many");
  for (int i = 0; i < 3'000; ++i) {
    const std::string name = "many/" + std::to_string(i);
    if (i % 500 == 7) {
      tree.directory(name);
      tree.write(name + "/x");
    } else {
      tree.write(name);
    }
  }
  tree.settle();
  CHECK(tree.unchanged() == Paths{"many"});
  CHECK(tree.search().subtrees.at("many").files == 3'000);
  tree.write("many/2999", "other");
  CHECK(tree.unchanged() == Paths{"many/1007", "many/1507", "many/2007", "many/2507", "many/507", "many/7"});
}

TEST_CASE("where most directories changed the search ends early") {
  IndexedTree tree;
  for (int i = 0; i < 2'000; ++i) tree.directory(std::to_string(i));
  tree.settle();
  CHECK(tree.search().confirmed.size() == 2'000);
  for (int i = 0; i < 2'000; ++i) tree.write(std::to_string(i) + "/new");
  // The last in path order is the only one that did not change.
  REQUIRE(::unlinkat(tree.root(), "999/new", 0) == 0);
  CHECK(tree.search().confirmed.empty());
}

TEST_CASE("a directory is known only if its stamps are older than the walk and all its names can be content") {
  IndexedTree tree;
  for (const char* path : {"plain", "repository", "repository/.store", "fresh"}) tree.directory(path);
  tree.settle();
  CHECK(tree.learned() == 3);  // the root, plain and fresh
  tree.write("fresh/new");
  std::size_t told = 0;
  ScanOptions options;
  options.listed = [&](const KnownListing&) { ++told; };
  Scanner scanner(tree.root(), "", std::move(options));
  while (scanner.next()) {}
  CHECK(told == 2);
}
