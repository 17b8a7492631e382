// Kills and refusals at every call that changes a file, of a save to a branch that has commits.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "ops/save.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// A branch with one saved commit, and a folder that has changed since.
class Round {
 public:
  Round() {
    fixture_.settings.core.fsync = true;
    for (int i = 0; i < 4; ++i) put(fmt::format("d{}/f", i), noise(300, static_cast<std::uint64_t>(i)));
    old_ = save(unsynced_file_system()).id;
    put("d0/f", "changed");
    put("large", noise(60'000, 7));
    fixture_.scratch().remove("source/d1");
  }

  CommitResult save(FileSystem& fs) const {
    Environment env = fixture_.env;
    env.fs = &fs;
    Workspace workspace(env, fixture_.settings, fixture_.repository_path());
    SaveOptions options;
    options.path = fixture_.scratch().path("source");
    options.branch = "b";
    options.commit.message = "saved";
    return store::save(workspace, options);
  }

  /// The branch is old or new, nothing is damaged, and the same save goes through now and gives the same tree.
  void check_afterwards(const ObjectId& tree, bool acknowledged) const {
    const std::optional<ObjectId> tip = fixture_.open().refs().read("refs/heads/b")->id;
    REQUIRE(tip);
    if (acknowledged) CHECK(*tip != old_);
    const CommitResult again = save(unsynced_file_system());
    CHECK(again.committed);
    CHECK(again.tree == tree);
    CHECK(again.parents == std::vector{*tip});
    CHECK(describe(fixture_.fsck()) == "");
    CHECK(std::filesystem::is_empty(fixture_.path(".store/sessions")));
  }

 private:
  void put(const std::string& name, std::string_view content) const { fixture_.scratch().write("source/" + name, content); }
  WorkFixture fixture_;
  ObjectId old_;
};

std::optional<ErrorKind> refusal_of(const Round& round, FileSystem& fs) {
  try {
    round.save(fs);
    return std::nullopt;
  } catch (const Error& error) {
    return error.kind();
  }
}

}  // namespace

TEST_CASE("killed at any call, a save leaves its branch old or new, and the next one goes through") {
  const Round undisturbed;
  FaultFileSystem counting(unsynced_file_system());
  const ObjectId tree = undisturbed.save(counting).tree;
  for (std::uint64_t nth = 1; nth <= counting.total(); ++nth) {
    CAPTURE(nth);
    const Round round;
    ChildProcess child([&] {
      FaultFileSystem killing(unsynced_file_system());
      killing.arm({.call = std::nullopt, .nth = nth, .action = FaultAction::kill});
      round.save(killing);
    });
    child.wait();
    round.check_afterwards(tree, false);
  }
}

TEST_CASE("a full disk or an I/O error at any call of a save is told, unless the commit stands") {
  const Round undisturbed;
  FaultFileSystem counting(unsynced_file_system());
  const ObjectId tree = undisturbed.save(counting).tree;
  for (const auto& [error, kind] : {std::pair(ENOSPC, ErrorKind::no_space), std::pair(EIO, ErrorKind::system)})
    for (std::uint64_t nth = 1; nth <= counting.total(); ++nth) {
      CAPTURE(nth);
      const Round round;
      FaultFileSystem failing(unsynced_file_system());
      failing.arm({.call = std::nullopt, .nth = nth, .error = error, .lasts = FaultLasts::forever});
      const std::optional<ErrorKind> refused = refusal_of(round, failing);
      if (failing.faults() == 0) break;
      if (refused) CHECK(*refused == kind);
      round.check_afterwards(tree, !refused);
    }
}
