#include <doctest/doctest.h>
#include <sys/wait.h>

#include "base/error.h"
#include "ops/rechunk.h"
#include "ops/ref_edit.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// A branch of two commits that is not checked out; what is small becomes large with the settings of now.
struct Branch {
  WorkFixture fixture;
  ObjectId tip;

  Branch() {
    fixture.settings.core.auto_merge = false;
    for (int i = 0; i < 2; ++i) {
      fixture.write("large", noise(30'000, static_cast<std::uint64_t>(i)));
      fixture.write("below/small", noise(3'000, static_cast<std::uint64_t>(i)));
      tip = fixture.snapshot().id;
    }
    create_ref(fixture.open(), NamedRef::branch, "line", tip, Overrule::no);
    fixture.settings.chunking.avg = 8192;
    fixture.settings.core.inline_threshold = 1000;
  }

  RechunkResult run(FileSystem& fs) const {
    Environment env = fixture.env;
    env.fs = &fs;
    Workspace workspace(env, fixture.settings, fixture.repository_path());
    return rechunk(workspace, {.branch = "line"});
  }

  std::optional<ObjectId> now() const { return fixture.open().refs().read("refs/heads/line").value_or(RefValue{}).id; }

  void check_sound() const {
    const FsckResult result = fixture.fsck();
    CHECK_MESSAGE(result.problems.empty(), describe(result));
  }
};

}  // namespace

TEST_CASE("killed at any call, a rechunk leaves the branch at one of its ends, and the next one gets to the other") {
  std::size_t left_behind = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    const Branch branch;
    ChildProcess child([&] {
      FaultFileSystem killing(unsynced_file_system());
      killing.arm({.call = std::nullopt, .nth = nth, .action = FaultAction::kill});
      branch.run(killing);
    });
    const bool killed = WIFSIGNALED(child.wait());
    branch.check_sound();
    const std::optional<ObjectId> found = branch.now();
    left_behind += found == branch.tip;
    const RechunkResult again = branch.run(unsynced_file_system());
    CHECK(again.commits.size() == 2);
    CHECK(branch.now() == again.commits.back().new_id);
    CHECK((found == branch.tip || found == branch.now()));
    CHECK(branch.now() != branch.tip);
    branch.check_sound();
    if (!killed) break;
  }
  CHECK(left_behind > 0);
}

TEST_CASE("an error at any call of a rechunk is told, and the branch stays at one of its ends") {
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    const Branch branch;
    FaultFileSystem failing(unsynced_file_system());
    failing.arm({.call = std::nullopt, .nth = nth, .error = ENOSPC});
    std::optional<ObjectId> promised;
    try {
      promised = branch.run(failing).commits.back().new_id;
    } catch (const Error& refused) {
      CHECK(refused.kind() == ErrorKind::no_space);
    }
    if (promised) CHECK(branch.now() == promised);
    branch.check_sound();
    if (failing.faults() == 0) break;
  }
}
