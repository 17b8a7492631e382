#include <doctest/doctest.h>
#include <sys/wait.h>

#include "base/error.h"
#include "ops/repack.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// Two commits and something staged, stored raw; repack compresses.
struct Stored {
  WorkFixture fixture;
  ObjectId tree;

  Stored() {
    fixture.settings.core.auto_merge = false;
    fixture.settings.core.compression = 0;
    for (int i = 0; i < 2; ++i) {
      fixture.write("text", std::string(30'000, static_cast<char>('a' + i)));
      fixture.write("noise", noise(20'000, static_cast<std::uint64_t>(i)));
      tree = fixture.snapshot().tree;
    }
    fixture.write("staged", noise(5000, 9));
    fixture.add_all();
    fixture.settings.core.compression = 3;
  }

  void run(FileSystem& fs) const {
    Environment env = fixture.env;
    env.fs = &fs;
    Workspace workspace(env, fixture.settings, fixture.repository_path());
    repack(workspace);
  }

  void check() const {
    const FsckResult result = fixture.fsck();
    CHECK_MESSAGE(result.problems.empty(), describe(result));
    CHECK(fixture.status().unstaged.empty());
    CHECK(fixture.commit("after").committed);
    CHECK(fixture.fsck().problems.empty());
  }
};

}  // namespace

TEST_CASE("killed at any call, a repack leaves every object where it is found") {
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    const Stored stored;
    ChildProcess child([&] {
      FaultFileSystem killing(unsynced_file_system());
      killing.arm({.call = std::nullopt, .nth = nth, .action = FaultAction::kill});
      stored.run(killing);
    });
    const bool killed = WIFSIGNALED(child.wait());
    stored.check();
    if (!killed) break;
  }
}

TEST_CASE("an error at any call of a repack is told, and nothing is lost or left over") {
  for (const int error : {EIO, ENOSPC}) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(nth);
      const Stored stored;
      FaultFileSystem failing(unsynced_file_system());
      failing.arm({.call = std::nullopt, .nth = nth, .error = error});
      try {
        stored.run(failing);
      } catch (const Error& refused) {
        CHECK((refused.kind() == ErrorKind::system || refused.kind() == ErrorKind::no_space));
      }
      const std::uint64_t faults = failing.faults();
      stored.check();
      if (faults == 0) break;
    }
  }
}

TEST_CASE("a repack of what was repacked changes nothing, and loses nothing") {
  const Stored stored;
  stored.run(unsynced_file_system());
  const auto packs = stored.fixture.packs();
  CHECK(packs.size() == 2);  // what is staged stays apart
  stored.run(unsynced_file_system());
  CHECK(stored.fixture.packs() == packs);
  stored.check();
}
