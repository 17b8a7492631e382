// Kills and refusals at every call that changes a file, of init, add and commit in one process. They say nothing about
// power loss: syncs are counted here, not made.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "ops/init.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// A repository with one commit, and a work tree that differs from it in every way: the start of each round.
class Round {
 public:
  /// With six commits before, the commit of the round is the one that merges packs.
  explicit Round(int commits_before = 1) {
    fixture_.settings.core.fsync = true;
    for (int i = 0; i < 4; ++i) fixture_.write(fmt::format("d{}/f", i), noise(300, static_cast<std::uint64_t>(i)));
    fixture_.write("gone", "1");
    for (int i = 0; i < commits_before; ++i) {
      fixture_.write("d3/f", fmt::format("{}", i));
      old_ = fixture_.snapshot("old");
    }
    fixture_.write("d0/f", "changed");
    fixture_.write("large", noise(60'000, 7));
    fixture_.write("new/f", "1");
    fixture_.make_symlink("link", "d0/f");
    fixture_.remove("gone");
  }

  /// add -A, then commit, on the given file system.
  void run(FileSystem& fs) const {
    Environment env = fixture_.env;
    env.fs = &fs;
    AddOptions everything;
    everything.all = true;
    {
      Workspace workspace(env, fixture_.settings, fixture_.repository_path());
      store::add(workspace, everything);
    }
    CommitOptions options;
    options.message = "new";
    Workspace workspace(env, fixture_.settings, fixture_.repository_path());
    store::commit(workspace, options);
  }

  /// Whatever happened: HEAD is old or new, nothing in the repository is damaged, the same work goes through now, and its result
  /// is the same as if nothing had happened.
  void check_afterwards(const ObjectId& tree) {
    const std::optional<ObjectId> head = fixture_.open().refs().head().commit;
    REQUIRE(head);
    const bool moved = *head != old_.id;
    if (moved) CHECK(read_tree_of(*head) == tree);
    CHECK(fixture_.add_all().failed.empty());
    const CommitResult result = fixture_.commit("again");
    CHECK(result.committed == !moved);
    CHECK(result.tree == tree);
    CHECK(describe(fixture_.fsck()) == "");
    CHECK(lines_of(fixture_.status()).empty());
    CHECK(std::filesystem::is_empty(fixture_.path(".store/sessions")));
    CommitOptions empty;
    empty.message = "a move of the branch, which clears what an earlier one left";
    empty.allow_empty = true;
    CHECK(fixture_.commit(empty).committed);
    CHECK(temporaries() == "");
  }

  WorkFixture& fixture() { return fixture_; }
  const ObjectId& old_tree() const { return old_.tree; }

 private:
  ObjectId read_tree_of(const ObjectId& commit) const {
    return decode_commit(as_text(fixture_.open().objects().read({ObjectType::commit, commit}))).tree;
  }
  /// Names below the repository that are no part of one.
  std::string temporaries() const {
    std::string found;
    for (const auto& file : std::filesystem::recursive_directory_iterator(fixture_.repository_path())) {
      const std::string name = file.path().filename();
      if (name.find("tmp") != std::string::npos || name.find(".new") != std::string::npos) found += name + " ";
    }
    return found;
  }

  WorkFixture fixture_;
  CommitResult old_;
};

struct Undisturbed {
  explicit Undisturbed(int commits_before = 1) {
    Round round(commits_before);
    FaultFileSystem counting(unsynced_file_system());
    round.run(counting);
    calls = counting.total();
    packs = round.fixture().packs().size();
    const std::optional<ObjectId> head = round.fixture().open().refs().head().commit;
    tree = decode_commit(as_text(round.fixture().open().objects().read({ObjectType::commit, *head}))).tree;
  }
  std::uint64_t calls = 0;
  std::size_t packs = 0;
  ObjectId tree;
};

/// Fails the first call, the second, the third … of a round each.
void sweep_failures(const Undisturbed& undisturbed, int error, ErrorKind kind, FaultLasts lasts) {
  for (std::uint64_t nth = 1; nth <= undisturbed.calls; ++nth) {
    CAPTURE(nth);
    Round round;
    FaultFileSystem failing(unsynced_file_system());
    failing.arm({.call = std::nullopt, .nth = nth, .error = error, .lasts = lasts});
    const std::optional<ErrorKind> result = kind_of([&] { round.run(failing); });
    // Racy files may spare a call or two: the sweep ends with the first round that goes through untouched.
    if (failing.faults() == 0) {
      CHECK(nth > undisturbed.calls / 2);
      break;
    }
    // A refusal in housekeeping and clean-up is none of the command's.
    if (result) CHECK(*result == kind);
    round.check_afterwards(undisturbed.tree);
  }
}

}  // namespace

TEST_CASE("killed at any call, an add and commit leaves each ref old or new, and the next ones go through") {
  const Undisturbed undisturbed;
  REQUIRE(undisturbed.tree != Round().old_tree());
  for (std::uint64_t nth = 1; nth <= undisturbed.calls; ++nth) {
    CAPTURE(nth);
    Round round;
    ChildProcess child([&] {
      FaultFileSystem killing(unsynced_file_system());
      killing.arm({.call = std::nullopt, .nth = nth, .action = FaultAction::kill});
      round.run(killing);
    });
    const int status = child.wait();
    CHECK(WIFSIGNALED(status));
    round.check_afterwards(undisturbed.tree);
  }
}

TEST_CASE("killed at any call of a commit that merges packs, nothing is lost") {
  constexpr int k_commits_before = 6;
  const Undisturbed undisturbed(k_commits_before);
  REQUIRE(undisturbed.packs < Round(k_commits_before).fixture().packs().size());
  for (std::uint64_t nth = 1; nth <= undisturbed.calls; ++nth) {
    CAPTURE(nth);
    Round round(k_commits_before);
    ChildProcess child([&] {
      FaultFileSystem killing(unsynced_file_system());
      killing.arm({.call = std::nullopt, .nth = nth, .action = FaultAction::kill});
      round.run(killing);
    });
    child.wait();
    round.check_afterwards(undisturbed.tree);
  }
}

TEST_CASE("killed in the middle of any write, an add and commit leaves a repository that works") {
  const Undisturbed undisturbed;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{40}, std::size_t{200}}) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(bytes);
      CAPTURE(nth);
      Round round;
      ChildProcess child([&] {
        FaultFileSystem killing(unsynced_file_system());
        killing.arm({.call = FileCall::pwrite, .nth = nth, .action = FaultAction::kill, .bytes_before = bytes});
        round.run(killing);
      });
      if (!WIFSIGNALED(child.wait())) break;
      round.check_afterwards(undisturbed.tree);
    }
  }
}

TEST_CASE("killed twice, at any call of the second run, nothing is stuck") {
  const Undisturbed undisturbed;
  for (std::uint64_t nth = 2; nth <= undisturbed.calls; nth += 3) {
    CAPTURE(nth);
    Round round;
    for (const std::uint64_t at : {undisturbed.calls / 2, nth}) {
      ChildProcess child([&] {
        FaultFileSystem killing(unsynced_file_system());
        killing.arm({.call = std::nullopt, .nth = at, .action = FaultAction::kill});
        round.run(killing);
      });
      child.wait();
    }
    round.check_afterwards(undisturbed.tree);
  }
}

TEST_CASE("an I/O error at any call, once or for ever, is told, and the repository is fine afterwards") {
  const Undisturbed undisturbed;
  sweep_failures(undisturbed, EIO, ErrorKind::system, FaultLasts::once);
  sweep_failures(undisturbed, EIO, ErrorKind::system, FaultLasts::forever);
}

TEST_CASE("a full disk at any call, once or for ever, is told, and the repository is fine afterwards") {
  const Undisturbed undisturbed;
  sweep_failures(undisturbed, ENOSPC, ErrorKind::no_space, FaultLasts::once);
  sweep_failures(undisturbed, ENOSPC, ErrorKind::no_space, FaultLasts::forever);
}

TEST_CASE("a commit that was acknowledged is there, whatever was refused after it") {
  const Undisturbed undisturbed;
  std::size_t acknowledged = 0;
  for (std::uint64_t nth = undisturbed.calls / 2; nth <= undisturbed.calls; ++nth) {
    Round round;
    FaultFileSystem failing(unsynced_file_system());
    failing.arm({.call = std::nullopt, .nth = nth, .error = EIO, .lasts = FaultLasts::forever});
    if (kind_of([&] { round.run(failing); })) continue;
    ++acknowledged;
    CHECK(round.fixture().open().refs().head().commit != std::nullopt);
    CHECK(round.fixture().commit("again").committed == false);
  }
  CHECK(acknowledged > 0);
}

TEST_CASE("killed at any call, an init is completed by the next one") {
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    const Scratch scratch;
    Environment env;
    env.fs = &unsynced_file_system();
    InitOptions options;
    options.directory = scratch.path("deep/work");
    ChildProcess child([&] {
      FaultFileSystem killing(unsynced_file_system());
      killing.arm({.call = std::nullopt, .nth = nth, .action = FaultAction::kill});
      Environment killed = env;
      killed.fs = &killing;
      init(killed, Config(ConfigSources()), options);
    });
    const bool killed = WIFSIGNALED(child.wait());
    init(env, Config(ConfigSources()), options);
    scratch.write("deep/work/f", "1");
    Workspace workspace(env, {}, options.directory + "/.store");
    AddOptions everything;
    everything.all = true;
    CHECK(store::add(workspace, everything).totals.files == 1);
    if (!killed) break;
  }
}
