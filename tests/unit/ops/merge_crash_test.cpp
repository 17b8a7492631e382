#include <doctest/doctest.h>

#include "ops/merge.h"
#include "ops/merge_state.h"
#include "ops/ref_edit.h"
#include "ops/undo.h"
#include "unit/ops/checkout_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// HEAD on main, and two branches beside it: `clean` changes other paths, `other` the same ones.
class MergeFixture : public CheckoutFixture {
 public:
  MergeFixture() {
    write("a", "base");
    write("b", "base");
    write("d/c", noise(20'000, 1));
    write("gone", "base");
    make_symlink("l", "a");
    base = snapshot("base").id;
    write("b", "clean");
    write("d/c", noise(21'000, 2));
    write("new/x", "clean");
    remove("gone");
    clean = branch("clean");
    write("a", "other");
    write("d/c", noise(22'000, 3));
    write("gone", "other");
    write("here", "other");
    write("p", "file");
    other = branch("other");
    write("a", "ours");
    write("e", "ours");
    remove("gone");
    write("here", "ours");
    write("p/q", "ours");
    ours = snapshot("ours").id;
    settle();
    before = files();
  }

  MergeResult merge_in(const std::string& name) const {
    Workspace workspace = open();
    return merge(workspace, {.revision = resolve_revision(workspace, name), .name = name});
  }
  void give_up() const {
    Workspace workspace = open();
    abort_merge(workspace);
  }
  void take_back() const {
    Workspace workspace = open();
    undo(workspace, {});
  }
  bool is_pending() const { return pending_merge(open()).has_value(); }

  ObjectId base, clean, other, ours;
  Snapshot before;

 private:
  /// What is there as a branch of its own; then main and the files are as in `base` again.
  ObjectId branch(const std::string& name) {
    const ObjectId id = snapshot(name).id;
    force_to(base);
    const Workspace workspace = open();
    create_ref(workspace, NamedRef::branch, name, id, Overrule::no);
    OplogRecord record = new_oplog_record(workspace);
    record.changes = {{"refs/heads/main", RefValue{id, {}}, RefValue{base, {}}},
                      {"HEAD", workspace.refs().read("HEAD"), RefValue{{}, "refs/heads/main"}}};
    workspace.refs().update(record, workspace.lock_wait());
    return id;
  }
};

}  // namespace

TEST_CASE_FIXTURE(MergeFixture, "a merge without conflicts that was killed anywhere is finished by the same call") {
  Snapshot expected;
  int kills = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    const bool killed = killed_at(nth, [&] { merge_in("clean"); });
    status();
    const MergeResult result = merge_in("clean");
    if (expected.empty()) expected = files();
    REQUIRE(result.conflicts.empty());
    REQUIRE(result.files.failed.empty());
    REQUIRE(files() == expected);
    REQUIRE(status_lines().empty());
    REQUIRE(read_commit(open().objects(), *head().commit).parents == std::vector<ObjectId>{ours, clean});
    REQUIRE(interrupted_sessions(open().repository()).empty());
    take_back();
    REQUIRE(files() == before);
    REQUIRE(status_lines().empty());
    REQUIRE(head().commit == ours);
    if (!killed) break;
    ++kills;
  }
  CHECK(kills > 20);
  CHECK(fsck().problems.empty());
}

TEST_CASE_FIXTURE(MergeFixture, "a merge with conflicts that was killed anywhere waits, or is brought there by the same call, and can be given up") {
  Snapshot expected;
  std::string expected_status;
  int kills = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    const bool killed = killed_at(nth, [&] { merge_in("other"); });
    REQUIRE(status().interrupted.has_value() == (killed && !is_pending() && !interrupted_sessions(open().repository()).empty()));
    if (!is_pending()) REQUIRE(merge_in("other").conflicts.size() == 4);
    if (expected.empty()) {
      expected = files();
      expected_status = status_lines();
      CHECK(expected.at("a~other") == "0644 other");
      CHECK(expected.at("p~other") == "0644 file");
    }
    REQUIRE(files() == expected);
    REQUIRE(status_lines() == expected_status);
    REQUIRE(head().commit == ours);
    give_up();
    REQUIRE(files() == before);
    REQUIRE(status_lines().empty());
    REQUIRE_FALSE(is_pending());
    if (!killed) break;
    ++kills;
  }
  CHECK(kills > 20);
  CHECK(fsck().problems.empty());
}

TEST_CASE_FIXTURE(MergeFixture, "giving up that was killed anywhere is finished by the same call") {
  int kills = 0;
  // What is discarded is new only once, else every kill leaves a pack for the next add, and one call more for the next kill.
  settings.metadata.times = false;
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    merge_in("other");
    write("a", "edited");
    const bool killed = killed_at(nth, [&] { give_up(); });
    status();
    if (is_pending()) give_up();
    REQUIRE(files() == before);
    REQUIRE(status_lines().empty());
    take_back();
    REQUIRE(is_pending());
    if (!killed) REQUIRE(files().at("a~other") == "0644 other");
    if (!killed) REQUIRE(files().at("a") == "0644 edited");
    write("a", "ours");
    give_up();
    if (!killed) break;
    ++kills;
  }
  CHECK(kills > 20);
}

TEST_CASE_FIXTURE(MergeFixture, "a merge that was killed before it waited, or was done, can be given up") {
  settings.core.auto_merge = false;
  for (const std::string name : {"clean", "other"}) {
    int given_up = 0;
    bool started = false;
    for (std::uint64_t nth = 1; !started; nth += 1 + nth / 16) {
      CAPTURE(name);
      CAPTURE(nth);
      if (!killed_at(nth, [&] { merge_in(name); })) break;
      started = is_pending() || head().commit != ours;
      const bool touched = files() != before;
      try {
        if (head().commit == ours) give_up();
        else take_back();
        ++given_up;
      } catch (const Error& error) {
        REQUIRE(error.kind() == ErrorKind::conflict);
        REQUIRE_FALSE(touched);
      }
      REQUIRE(files() == before);
      REQUIRE(status_lines().empty());
      REQUIRE_FALSE(is_pending());
      REQUIRE(head().commit == ours);
    }
    CHECK(started);
    CHECK(given_up > 5);
  }
  CHECK(fsck().problems.empty());
}

TEST_CASE_FIXTURE(MergeFixture, "the commit that finishes a merge happens as a whole, whenever it is killed") {
  int kills = 0;
  // Each round leaves a pack; once a commit merges them, it needs one call more for each, and the kills would never get past it.
  settings.core.auto_merge = false;
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    merge_in("other");
    const Snapshot merged = files();
    add_paths({"a", "gone", "here", "p"});
    const bool killed = killed_at(nth, [&] { commit(CommitOptions{}); });
    status();
    if (is_pending()) {
      REQUIRE(head().commit == ours);
      commit(CommitOptions{});
    }
    REQUIRE_FALSE(is_pending());
    REQUIRE(read_commit(open().objects(), *head().commit).parents == std::vector<ObjectId>{ours, other});
    REQUIRE(files() == merged);
    take_back();
    REQUIRE(is_pending());
    give_up();
    REQUIRE(files() == before);
    if (!killed) break;
    ++kills;
  }
  CHECK(kills > 10);
}

TEST_CASE_FIXTURE(MergeFixture, "without its record, or with a damaged one, every conflict of a merge is open again") {
  merge_in("other");
  add_paths({"a", "gone", "here", "p"});
  CHECK(open_conflicts(*pending_merge(open())).empty());
  const std::string record = scratch().read("work/.store/merge");
  for (const std::string& damaged : {std::string(), record.substr(0, record.size() / 2)}) {
    scratch().write("work/.store/merge", damaged);
    CHECK(joined(open_conflicts(*pending_merge(open()))) == "a, gone, here, p");
    CHECK_THROWS_AS(commit(CommitOptions{}), Error);
  }
  scratch().remove("work/.store/merge");
  add_paths({"a", "gone", "here", "p"});
  CHECK(open_conflicts(*pending_merge(open())).empty());
}
