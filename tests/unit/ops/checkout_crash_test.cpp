#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ops/checkout.h"
#include "ops/history.h"
#include "ops/undo.h"
#include "repo/session.h"
#include "unit/ops/checkout_fixture.h"

using namespace store;
using namespace store::test;

namespace {

struct CrashFixture : CheckoutFixture {
  CrashFixture() {
    write("changed", "one");
    write("big", noise(20'000, 1));
    write("gone/below/x", "x");
    write("to-dir", "file");
    make_symlink("link", "changed");
    make_directory("closed", 0555);
    one = snapshot("one").id;
    files_one = files();
    for (const auto& [name, content] : files()) remove(name);
    write("changed", "two!", 0755);
    write("big", noise(25'000, 2));
    write("new/deep/y", "y");
    write("to-dir/inner", "inner");
    make_symlink("link", "big");
    make_directory("closed", 0555);
    write("closed/z", "z");
    two = snapshot("two").id;
    files_two = files();
  }
  ObjectId one, two;
  Snapshot files_one, files_two;
};

}  // namespace

TEST_CASE_FIXTURE(CrashFixture, "a checkout that was killed anywhere is finished by the same call, and nothing is in its way") {
  std::uint64_t kills = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    const bool killed = killed_at(nth, [&] { go_to(one); });
    const CheckoutResult result = go_to(one);
    CHECK(result.failed.empty());
    CHECK((files() == files_one));
    CHECK(status_lines().empty());
    CHECK(head().commit == one);
    CHECK(interrupted_sessions(open().repository()).empty());
    go_to("main");
    CHECK((files() == files_two));
    if (!killed) break;
    ++kills;
  }
  CHECK(kills > files_one.size());
  CHECK(fsck().problems.empty());
}

TEST_CASE_FIXTURE(CrashFixture, "work done between a kill and the rerun is in the way as ever") {
  std::uint64_t nth = 1;
  while (killed_at(nth, [&] { go_to(one); }) && scratch().read("work/changed") != "one") {
    go_to(one);
    go_to("main");
    ++nth;
  }
  write("big", "mine");
  CHECK(in_the_way([&] { go_to(one); }) == "big");
  CHECK(scratch().read("work/big") == "mine");
}

TEST_CASE_FIXTURE(CrashFixture, "what a checkout left when the machine went down is no conflict for the same one, and is kept") {
  {
    const Workspace workspace = open();
    const Repository& repository = workspace.repository();
    Session dead = Session::open(repository, "store checkout", {});
    JournalWriter journal = dead.create_journal();
    journal.append(JournalTarget{one, "store checkout", "another boot"});
    journal.flush();
  }
  write("changed", "");
  write("big", "half of it");
  go_to(one);
  CHECK((files() == files_one));
  CHECK(interrupted_sessions(open().repository()).empty());
  REQUIRE(warnings.size() == 1);
  CHECK(warnings.front().kind == "power_lost");
  Workspace workspace = open();
  undo(workspace, {});
  CHECK(scratch().read("work/big") == "half of it");
}

TEST_CASE_FIXTURE(CrashFixture, "a rerun removes what a killed checkout left unfinished, and no file that only has such a name") {
  const std::string tracked = ".store-tmp-00000000000000aa";
  const std::string wanted = "new/.store-tmp-00000000000000bb";
  const std::vector<std::string> leftovers = {".store-tmp-00000000000000cc", "new/.store-tmp-00000000000000dd"};
  write(wanted, "wanted");
  const ObjectId three = snapshot().id;
  remove(wanted);
  write(tracked, "tracked");
  snapshot();
  {
    const Workspace workspace = open();
    Session dead = Session::open(workspace.repository(), "store checkout", {});
    JournalWriter journal = dead.create_journal();
    journal.append(JournalTarget{three, "store checkout", "this boot"});
    journal.flush();
  }
  write(wanted, "wanted");
  const ino_t inode = stat_at(scratch().dirfd(), "work/" + wanted)->st_ino;
  write(".store-tmp-notes", "mine");
  for (const std::string& name : leftovers) write(name, "leftover");
  take_paths(three, {"new"});
  CHECK(stat_at(scratch().dirfd(), "work/" + wanted)->st_ino == inode);
  CHECK(scratch().exists("work/" + tracked));
  CHECK(scratch().exists("work/.store-tmp-notes"));
  for (const std::string& name : leftovers) CHECK(!scratch().exists("work/" + name));
}

TEST_CASE_FIXTURE(CrashFixture, "a checkout that the system refuses ends in its error; run again it completes") {
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    FaultFileSystem fs(unsynced_file_system());
    fs.arm({.nth = nth, .error = ENOSPC});
    env.fs = &fs;
    ErrorKind kind = ErrorKind::no_space;
    try {
      kind = go_to(one).failed.empty() ? ErrorKind::no : ErrorKind::partial;
    } catch (const Error& error) {
      kind = error.kind();
    }
    env.fs = &unsynced_file_system();
    const bool reached = fs.faults() > 0;
    if (!reached) CHECK(kind == ErrorKind::no);
    if (kind != ErrorKind::no) CHECK(kind == ErrorKind::no_space);
    go_to(one);
    CHECK((files() == files_one));
    CHECK(status_lines().empty());
    go_to("main");
    CHECK((files() == files_two));
    if (!reached) break;
  }
}

/// Each round leaves packs, and every pack is opened: with a stride of 1 the kill would never come behind the last call.
constexpr std::uint64_t k_stride = 3;

TEST_CASE_FIXTURE(CrashFixture, "what a killed forced checkout had overwritten or brought back, undo takes back after the rerun") {
  std::uint64_t kills = 0;
  for (std::uint64_t nth = 1;; nth += k_stride) {
    CAPTURE(nth);
    write("big", "modified");
    remove("changed");
    write("to-dir/inner", "modified, too");
    write("gone", "untracked");
    const Snapshot before = files();
    const bool killed = killed_at(nth, [&] { force_to(one); });
    force_to(one);
    CHECK((files() == files_one));
    {
      Workspace workspace = open();
      undo(workspace, {});
    }
    CHECK((files() == before));
    remove("gone");
    force_to(two);
    CHECK((files() == files_two));
    go_to("main");
    if (!killed) break;
    ++kills;
  }
  CHECK(kills > files_one.size());
}

TEST_CASE_FIXTURE(CrashFixture, "the same of a checkout that leaves the index alone") {
  for (std::uint64_t nth = 1;; nth += k_stride) {
    CAPTURE(nth);
    write("big", "modified");
    remove("changed");
    const Snapshot before = files();
    CheckoutOptions options;
    options.paths = {"big", "changed", "link", "gone"};
    options.force = true;
    options.keep_index = true;
    const bool killed = killed_at(nth, [&] { checkout_with(options, one.hex()); });
    env.command = "store -q restore";  // the same in other words
    checkout_with(options, one.hex());
    env.command = "store test";
    CHECK(files().at("big") == files_one.at("big"));
    {
      Workspace workspace = open();
      undo(workspace, {});
    }
    CHECK((files() == before));
    force_to(two);
    go_to("main");
    if (!killed) break;
  }
}

TEST_CASE_FIXTURE(CrashFixture, "what was discarded by a killed run, and what was put in its place since, undo brings back one after the other") {
  const auto content = [&] { return scratch().read("work/changed"); };
  write("changed", "mine");
  for (std::uint64_t nth = 20; content() != "one"; nth += k_stride) REQUIRE(killed_at(nth, [&] { force_to(one); }));
  write("changed", "mine, later");
  force_to(one);
  CHECK(content() == "one");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings.front().kind == "interrupted");
  std::vector<std::string> entries;
  {
    const Workspace workspace = open();
    visit_oplog(workspace, [&](const OplogStep& step) {
      entries.push_back(step.id.hex());
      return entries.size() < 2;
    });
    CHECK(warnings.front().message.find(entries[1].substr(0, 10)) != std::string::npos);
  }
  Workspace workspace = open();
  undo(workspace, {});
  CHECK(content() == "mine, later");
}
