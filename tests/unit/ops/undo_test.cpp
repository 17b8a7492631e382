#include "ops/undo.h"

#include <doctest/doctest.h>

#include "ops/ref_edit.h"
#include "ops/restore.h"
#include "unit/ops/checkout_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// Two commits, the second checked out with a modified file: what a forced checkout of the first discards.
class Discarded : public CheckoutFixture {
 public:
  Discarded() {
    write("a", "1");
    write("d/b", noise(30'000, 1));
    write("gone", "1");
    first = snapshot("first").id;
    write("a", "2");
    write("d/b", noise(30'000, 2));
    remove("gone");
    write("new/c", "2");
    second = snapshot("second").id;
    write("a", "mine");
    write("d/b", noise(40'000, 3));
    settle();
    before = files();
  }

  std::optional<CheckoutResult> take_back(const UndoOptions& options = {}) const {
    Workspace workspace = open();
    std::optional<UndoResult> result = undo(workspace, options);
    if (!result) return std::nullopt;
    return std::move(result->checkout);
  }

  ObjectId first;
  ObjectId second;
  Snapshot before;
};

}  // namespace

TEST_CASE_FIXTURE(Discarded, "an undo killed anywhere has either happened or is done by the next one") {
  const std::string status_before = status_lines();
  bool killed = true;
  int kills = 0;
  for (std::uint64_t nth = 1; killed; nth += 1 + nth / 16) {
    force_to(first);
    const Snapshot after = files();
    killed = killed_at(nth, [&] { take_back(); });
    kills += killed;
    CAPTURE(nth);
    if (head().commit == first) take_back();
    REQUIRE(head().commit == second);
    REQUIRE(files() == before);
    REQUIRE(status_lines() == status_before);
    REQUIRE(after != before);
  }
  CHECK(kills > 10);
  CHECK(fsck().problems.empty());
}

TEST_CASE_FIXTURE(Discarded, "undo twice is redo, also over bytes that were brought back") {
  force_to(first);
  const Snapshot after = files();
  for (int i = 0; i < 3; ++i) {
    take_back();
    CHECK(files() == before);
    take_back();
    CHECK(files() == after);
  }
}

TEST_CASE_FIXTURE(Discarded, "what changed since is named, and nothing is touched") {
  force_to(first);
  write("a", "newer");
  write("d/b", "newer");
  const Snapshot now = files();
  CHECK(in_the_way([&] { take_back(); }) == "a, d/b");
  CHECK(files() == now);
  CHECK(head().commit == first);
}

TEST_CASE_FIXTURE(Discarded, "rm without force refuses what was never committed, with it undo brings it back") {
  RemoveOptions options;
  options.paths = {"d"};
  CHECK_THROWS_AS([&] { Workspace workspace = open(); remove_paths(workspace, options); }(), Error);
  options.recursive = true;
  CHECK(in_the_way([&] { Workspace workspace = open(); remove_paths(workspace, options); }) == "d/b");
  CHECK(files() == before);
  options.force = true;
  {
    Workspace workspace = open();
    const RemoveResult removed = remove_paths(workspace, options);
    REQUIRE(removed.paths.size() == 1);
    CHECK(removed.paths[0].path == "d/b");
  }
  CHECK_FALSE(files().contains("d"));
  take_back();
  CHECK(files() == before);
}

TEST_CASE_FIXTURE(Discarded, "a ref that moved since is not moved back") {
  {
    Workspace workspace = open();
    create_ref(workspace, NamedRef::branch, "dev", first, Overrule::no);
    delete_refs(workspace, NamedRef::branch, {"dev"}, Overrule::yes);
  }
  ObjectId deletion;
  open().refs().read_oplog([&](const OplogStep& step) { deletion = step.id; });
  {
    Workspace workspace = open();
    create_ref(workspace, NamedRef::branch, "dev", second, Overrule::no);
  }
  CHECK_THROWS_AS(take_back({.id = deletion.hex()}), Error);
  CHECK(open().refs().read("refs/heads/dev")->id == second);
}
