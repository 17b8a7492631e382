// Each word on a file system that refuses the Nth call of each kind, for every N, once and for ever: the error is of the right kind and
// names what it is about, nothing is left over, nothing is lost, and the next run goes through.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "ops/checkout.h"
#include "ops/init.h"
#include "ops/merge.h"
#include "ops/merge_state.h"
#include "ops/ref_edit.h"
#include "ops/repack.h"
#include "ops/restore.h"
#include "ops/save.h"
#include "ops/undo.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// How a call is refused. An EINTR that comes through is one of a file system that gives up; a torn write is refused half-way.
struct Refusal {
  std::string_view name;
  int error;
  FaultLasts lasts;
  std::size_t bytes_before = 0;
};
constexpr Refusal k_refusals[] = {
    {"EIO once", EIO, FaultLasts::once},           {"EIO for ever", EIO, FaultLasts::forever},
    {"ENOSPC once", ENOSPC, FaultLasts::once},     {"ENOSPC for ever", ENOSPC, FaultLasts::forever},
    {"EINTR once", EINTR, FaultLasts::once},       {"EINTR for ever", EINTR, FaultLasts::forever},
    {"torn, EIO once", EIO, FaultLasts::once, 7},  {"torn, ENOSPC for ever", ENOSPC, FaultLasts::forever, 7},
};

using Command = std::function<void(Workspace&)>;

/// What is done on a file system that refuses calls.
struct Word {
  std::string name;
  Command run;
  std::function<void(const WorkFixture&)> prepare = {};  // beside what all have
};

/// Two commits on main, one on side, something changed and something staged.
std::unique_ptr<WorkFixture> world() {
  auto fixture = std::make_unique<WorkFixture>();
  fixture->settings.core.fsync = true;
  fixture->settings.core.auto_merge = false;
  fixture->write("numbers.txt", "1");
  fixture->write("figures/measurements", noise(9'000, 1));
  fixture->snapshot("one");
  Workspace workspace = fixture->open();
  create_ref(workspace, NamedRef::branch, "side", resolve_revision(workspace, "HEAD").commit, Overrule::no);
  fixture->write("numbers.txt", "2");
  fixture->write("figures/additional", noise(5'000, 2));
  fixture->make_symlink("shortcut", "numbers.txt");
  fixture->snapshot("two");
  return fixture;
}

void go_to(Workspace& workspace, const std::string& revision, CheckoutOptions options = {}) {
  options.revision = resolve_revision(workspace, revision);
  const CheckoutResult result = checkout(workspace, options);
  if (!result.failed.empty()) throw Error(ErrorKind::partial, result.failed.front().path + ": " + result.failed.front().message);
}

void save_all(Workspace& workspace, const std::string& path) {
  SaveOptions options;
  options.path = path;
  options.branch = "saved";
  options.commit.message = "saved";
  options.commit.allow_empty = true;
  const CommitResult result = save(workspace, options);
  if (!result.failed.empty()) throw Error(ErrorKind::partial, result.failed.front().path + ": " + result.failed.front().message);
}

/// Stops at numbers.txt.
void merge_with_conflict(const WorkFixture& fixture) {
  Workspace workspace = fixture.open();
  go_to(workspace, "side", {.new_branch = "refs/heads/other"});
  fixture.write("numbers.txt", "theirs");
  fixture.snapshot("other");
  Workspace again = fixture.open();
  go_to(again, "main");
  REQUIRE(merge(again, {.revision = resolve_revision(again, "other"), .name = "other"}).conflicts.size() == 1);
}

const std::vector<Word>& words() {
  static const auto change = [](const WorkFixture& fixture) {
    fixture.write("numbers.txt", "changed");
    fixture.write("figures/measurements", noise(9'500, 7));
    fixture.write("appendix/footnotes", "new");
  };
  static const std::vector<Word> all{
      {"add", [](Workspace& workspace) {
         AddOptions options;
         options.all = true;
         const AddResult result = add(workspace, options);
         if (!result.failed.empty()) throw Error(ErrorKind::partial, result.failed.front().path + ": " + result.failed.front().message);
       }, change},
      {"commit -a", [](Workspace& workspace) {
         CommitOptions options;
         options.message = "three";
         options.stage_tracked = true;
         options.allow_empty = true;
         commit(workspace, options);
       }, change},
      {"switch", [](Workspace& workspace) { go_to(workspace, "side"); }},
      {"checkout -- PATH", [](Workspace& workspace) { go_to(workspace, "HEAD~1", {.paths = {"figures", "numbers.txt"}, .force = true}); }, change},
      {"checkout --out", [](Workspace& workspace) { go_to(workspace, "HEAD", {.out = workspace.worktree_path() + "-out", .force = true}); }},
      {"restore", [](Workspace& workspace) { restore(workspace, {.paths = {"numbers.txt", "figures"}, .source = {}, .staged = false}); }, change},
      {"branch", [](Workspace& workspace) {
         create_ref(workspace, NamedRef::branch, "deep/branch", resolve_revision(workspace, "HEAD").commit, Overrule::yes);
       }},
      {"merge", [](Workspace& workspace) {
         merge(workspace, {.revision = resolve_revision(workspace, "other"), .name = "other"});
       }, [](const WorkFixture& fixture) {
         Workspace workspace = fixture.open();
         go_to(workspace, "side", {.new_branch = "refs/heads/other"});
         fixture.write("theirs/experiment", noise(4'500, 4));
         fixture.snapshot("other");
         Workspace again = fixture.open();
         go_to(again, "main");
       }},
      {"save", [](Workspace& workspace) { save_all(workspace, workspace.worktree_path() + "/figures"); }},
      {"repack", [](Workspace& workspace) { repack(workspace); }},
      {"status", [](Workspace& workspace) { status(workspace, {}); }, change},
      {"undo", [](Workspace& workspace) { undo(workspace, {}); }},
  };
  return all;
}

std::optional<Error> outcome(const WorkFixture& fixture, const Word& word, FileSystem& fs) {
  Environment env = fixture.env;
  env.fs = &fs;
  try {
    Workspace workspace(env, fixture.settings, fixture.repository_path());
    word.run(workspace);
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

/// Names below the repository and the working tree that are neither content nor part of a repository. What an add has stored stays for
/// the next one.
std::string temporaries(const WorkFixture& fixture) {
  std::string found;
  for (const auto& file : std::filesystem::recursive_directory_iterator(fixture.scratch().path())) {
    const std::string name = file.path().filename();
    if (name == layout::k_pack_temporary) continue;
    if (name.find("tmp") != std::string::npos || name.find(".new-") != std::string::npos) found += file.path().string() + " ";
  }
  return found;
}

/// The path, or what is behind the last slash: three bytes at least, since any message has an "a" or a ".".
bool names_one_of(const std::string& message, const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    const std::string tail = path.substr(path.rfind('/') + 1);
    return tail.size() >= 3 && message.find(tail) != std::string::npos;
  });
}

/// Syncs that a word does without. What they are about is made anew, or is looked at again.
constexpr std::pair<std::string_view, std::string_view> k_spared_syncs[] = {
    {"checkout -- PATH", "/sessions"},  // the session is over (durability.md: worktree 9), and the next command removes it again
    {"merge", "/sessions"},
    {"merge", "/tables/new.tmp"},  // a table, which only saves time
    {"restore", "/sessions"},
    {"status", "/index.log"},  // what status looked at
    {"switch", "/sessions"},
};

bool is_sync(FileCall call) { return call == FileCall::fsync || call == FileCall::fdatasync || call == FileCall::syncfs; }

/// How often a sync of k_spared_syncs was refused and the word went through.
using Spared = std::array<std::size_t, std::size(k_spared_syncs)>;

void note_spared(const Word& word, const std::vector<std::string>& refused, Spared& spared) {
  REQUIRE(refused.size() == 1);
  for (std::size_t i = 0; i < spared.size(); ++i) {
    if (word.name != k_spared_syncs[i].first || !refused.front().ends_with(k_spared_syncs[i].second)) continue;
    ++spared[i];
    return;
  }
  FAIL_CHECK("a sync was refused and nobody was told");
}

/// What comes after an accident: something changes, and all of it is committed.
void check_next_words(const WorkFixture& fixture) {
  CHECK(describe(fixture.fsck()) == "");
  fixture.write("after", "1");
  CHECK(fixture.snapshot("after").committed);
  CHECK(temporaries(fixture) == "");
  CHECK(describe(fixture.fsck()) == "");
}

/// One word with one fault. True if the fault was met.
bool run_round(const Word& word, const Fault& fault, Spared& spared) {
  CAPTURE(fault.nth);
  const std::unique_ptr<WorkFixture> fixture = world();
  if (word.prepare) word.prepare(*fixture);
  FaultFileSystem failing(unsynced_file_system());
  failing.arm(fault);
  const std::optional<Error> refused = outcome(*fixture, word, failing);
  if (failing.faults() == 0) return false;
  INFO(fmt::format("refused: {}", fmt::join(failing.refused(), " ")));
  if (!refused && is_sync(*fault.call)) note_spared(word, failing.refused(), spared);
  if (refused) {
    INFO(refused->message());
    const ErrorKind expected = kind_of_errno(fault.error);
    CHECK((refused->kind() == expected || refused->kind() == ErrorKind::partial));
    CHECK(names_one_of(refused->message(), failing.refused()));
  }
  // A disk that refuses to remove things keeps them until the next run.
  const bool clean_up_works = fault.call != FileCall::unlink;
  if (refused && clean_up_works) CHECK(temporaries(*fixture) == "");
  // Of what happened and was refused afterwards the word may say so when it is run again.
  const std::optional<Error> again = outcome(*fixture, word, unsynced_file_system());
  CAPTURE((refused ? refused->message() : std::string()));
  CAPTURE((again ? again->message() : std::string()));
  CHECK((!again || again->kind() == ErrorKind::no || again->kind() == ErrorKind::exists));
  check_next_words(*fixture);
  return true;
}

/// One word that is killed at its Nth call. False if it has no such call.
bool kill_round(const Word& word, std::uint64_t nth) {
  CAPTURE(nth);
  const std::unique_ptr<WorkFixture> fixture = world();
  if (word.prepare) word.prepare(*fixture);
  ChildProcess child([&] {
    FaultFileSystem killing(unsynced_file_system());
    killing.arm({.call = std::nullopt, .nth = nth, .action = FaultAction::kill});
    outcome(*fixture, word, killing);
  });
  if (!WIFSIGNALED(child.wait())) return false;
  // What was done before the kill is done: a path that is removed or moved is not found again.
  const std::optional<Error> again = outcome(*fixture, word, unsynced_file_system());
  CAPTURE((again ? again->message() : std::string()));
  CHECK((!again || again->kind() == ErrorKind::no || again->kind() == ErrorKind::not_found));
  check_next_words(*fixture);
  return true;
}

}  // namespace

TEST_CASE("a refusal of any call of any kind, once or for ever, is told, and the next run of the word goes through") {
  std::map<std::string_view, std::size_t> rounds;
  Spared spared{};
  for (const Word& word : words()) {
    CAPTURE(word.name);
    const std::unique_ptr<WorkFixture> fixture = world();
    if (word.prepare) word.prepare(*fixture);
    FaultFileSystem counting(unsynced_file_system());
    REQUIRE(!outcome(*fixture, word, counting));
    for (int i = 0; i < k_file_calls; ++i) {
      const auto call = static_cast<FileCall>(i);
      if (counting.count(call) == 0 || call == FileCall::start_writeback) continue;  // which tells no error
      CAPTURE(name_of(call));
      for (const Refusal& refusal : k_refusals) {
        if (refusal.bytes_before != 0 && call != FileCall::pwrite) continue;
        CAPTURE(refusal.name);
        for (Fault fault{.call = call, .error = refusal.error, .lasts = refusal.lasts, .bytes_before = refusal.bytes_before};
             run_round(word, fault, spared); ++fault.nth)
          ++rounds[refusal.name];
      }
    }
  }
  std::size_t sum = 0;
  std::string counts;
  for (const auto& [name, count] : rounds) {
    sum += count;
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, name);
    CHECK(count > 50);
  }
  CHECK(rounds.size() == std::size(k_refusals));
  // One call of each, refused in six ways: an earlier one of the same file is told.
  for (const std::size_t count : spared) CHECK(count == 6);
  MESSAGE(sum << " refusals: " << counts);
}

TEST_CASE("killed at any call of a word that writes the working tree, nothing is in the way of the next ones, and nothing is left over") {
  std::vector<Word> killed{
      {"rm", [](Workspace& workspace) { remove_paths(workspace, {.paths = {"figures"}, .recursive = true}); }},
      {"mv", [](Workspace& workspace) { move_paths(workspace, {.sources = {"figures", "numbers.txt"}, .target = "appendix"}); },
       [](const WorkFixture& fixture) { fixture.make_directory("appendix"); }},
      {"mv --force", [](Workspace& workspace) { move_paths(workspace, {.sources = {"numbers.txt"}, .target = "shortcut", .force = true}); }},
      {"merge --abort", [](Workspace& workspace) {
         if (pending_merge(workspace)) abort_merge(workspace);
       }, merge_with_conflict},
      {"restore --source", [](Workspace& workspace) {
         restore(workspace, {.paths = {"figures", "numbers.txt"}, .source = resolve_revision(workspace, "HEAD~1"), .staged = false});
       }},
      {"restore --staged", [](Workspace& workspace) { restore(workspace, {.paths = {"numbers.txt"}, .source = {}, .staged = true}); },
       [](const WorkFixture& fixture) {
         fixture.write("numbers.txt", "changed");
         fixture.add_all();
       }},
      {"rm --cached", [](Workspace& workspace) { remove_paths(workspace, {.paths = {"numbers.txt"}, .cached = true}); }},
  };
  killed.insert(killed.end(), words().begin(), words().end());
  REQUIRE(killed.size() == 7 + words().size());
  std::size_t kills = 0;
  for (const Word& word : killed) {
    CAPTURE(word.name);
    std::uint64_t nth = 1;
    while (kill_round(word, nth)) ++nth;
    CHECK(nth > 5);
    kills += nth - 1;
  }
  MESSAGE(kills << " kills");
}
