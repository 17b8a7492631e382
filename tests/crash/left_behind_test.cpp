// A command that discards bytes is killed at every call, and nobody runs it again: what it had overwritten by then, and what was only
// staged, comes back by undo, and stands in the oplog before whatever was done next.
#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <map>

#include "hash/sha256.h"
#include "ops/checkout.h"
#include "ops/commit.h"
#include "ops/history.h"
#include "ops/ref_edit.h"
#include "ops/restore.h"
#include "ops/undo.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

using Command = std::function<void(Workspace&)>;
struct Word {
  std::string_view name;
  Command run;
};

/// A killed word and what is done next.
struct Pair {
  Word word;
  Word next;
  bool leaves_index = false;  // then what is as committed is discarded, too
  bool next_is_told = true;   // it has an entry of the oplog
  bool moves = false;         // another file comes in the place of one
};

constexpr std::string_view k_killed = "store discards";
constexpr std::size_t k_large = 1'200'000;  // of which little changes: rewritten in place

struct Killed : WorkFixture {
  Killed() {
    settings.core.fsync = true;
    settings.core.auto_merge = false;
    write("small", "1");
    write("large", large(1));
    write("folder/file", "1");
    write("other", "1");
    snapshot("one");
    run([](Workspace& workspace) {
      create_ref(workspace, NamedRef::branch, "side", resolve_revision(workspace, "HEAD").commit, Overrule::no);
    });
    write("small", "2");
    write("large", large(2));
    write("folder/file", "2");
    snapshot("two");
    write("small", "staged");
    add_paths({"small"});
    write("small", "mine");
    remove("folder/file");
    write("folder/file/inside", "mine, too");
    write("other", "mine as well");
  }

  void run(const Command& command) const {
    Workspace workspace = open();
    command(workspace);
  }

  bool is_killed(const Command& command, std::uint64_t nth) {
    env.command = std::string(k_killed);
    ChildProcess child([&] {
      FaultFileSystem killing(unsynced_file_system());
      killing.arm({.nth = nth, .action = FaultAction::kill});
      env.fs = &killing;
      run(command);
    });
    const int status = child.wait();
    env.command = "store test";
    REQUIRE((WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0)));
    return WIFSIGNALED(status);
  }

  /// The commands of the oplog, newest first.
  std::vector<std::string> oplog() const {
    const Workspace workspace = open();
    std::vector<std::string> commands;
    visit_oplog(workspace, [&](const OplogStep& step) {
      commands.push_back(step.record.command);
      return true;
    });
    return commands;
  }
  /// The killed command came as far as its entry in the oplog.
  bool is_told() const { return oplog().front() == k_killed; }

  /// Takes the killed command back, whatever came after it.
  void take_back() const {
    run([](Workspace& workspace) {
      std::string id;
      visit_oplog(workspace, [&](const OplogStep& step) {
        if (step.record.command == k_killed) id = step.id.hex();
        return id.empty();
      });
      REQUIRE(!id.empty());
      undo(workspace, {.id = id});
    });
  }

  /// What the command discards is as it was.
  bool is_untouched(const Pair& pair) const {
    return holds("small", "mine") && (!pair.leaves_index || holds("large", large(2))) && holds("folder/file/inside", "mine, too") &&
           has_staged("small", "staged") && (!pair.moves || holds("other", "mine as well"));
  }

 private:
  bool has_staged(const std::string& name, const std::string& content) const {
    const Workspace workspace = open();
    const std::optional<IndexEntry> entry = Index(workspace.repository().fs(), workspace.repository().fd()).find(name);
    return entry && entry->id == sha256(as_bytes(content));
  }

  bool holds(const std::string& name, const std::string& content) const {
    return std::filesystem::is_regular_file(path(name)) && scratch().read("work/" + name) == content;
  }

  /// Made once.
  static const std::string& large(std::uint64_t ends) {
    static std::map<std::uint64_t, std::string> contents;
    std::string& content = contents[ends];
    if (content.empty()) content = noise(5'000, ends) + noise(k_large - 10'000, 0) + noise(5'000, ends);
    return content;
  }
};

CheckoutOptions to(const Workspace& workspace, const std::string& revision, CheckoutOptions options) {
  options.revision = resolve_revision(workspace, revision);
  return options;
}

const std::vector<Pathspec> k_paths{"small", "large", "folder"};

/// What a user may do next instead of the same once more. None of it touches what was discarded.
const Word k_nothing{"nothing", [](Workspace&) {}};
const Word k_add{"add", [](Workspace& workspace) {
                   AddOptions options;
                   options.paths = {"other"};
                   add(workspace, options);
                 }};
const Word k_restore{"restore of something else",
                     [](Workspace& workspace) { restore(workspace, {.paths = {"other"}, .source = {}, .staged = false}); }};
const Word k_switch{"switch -c",
                    [](Workspace& workspace) { checkout(workspace, to(workspace, "HEAD", {.new_branch = "refs/heads/new"})); }};

const Word k_commit{"commit", [](Workspace& workspace) {
                      CommitOptions options;
                      options.message = "next";
                      options.allow_empty = true;
                      commit(workspace, options);
                    }};
const Word k_branch{"branch", [](Workspace& workspace) {
                      create_ref(workspace, NamedRef::branch, "new", resolve_revision(workspace, "HEAD").commit, Overrule::no);
                    }};

const Word k_move{"mv --force", [](Workspace& workspace) {
                    move_paths(workspace, {.sources = {"other"}, .target = "small", .force = true});
                  }};

const std::vector<Pair>& pairs() {
  static const std::vector<Pair> all{
      {{"restore", [](Workspace& workspace) { restore(workspace, {.paths = k_paths, .source = {}, .staged = false}); }}, k_add, true, false},
      {{"restore --source",
        [](Workspace& workspace) {
          restore(workspace, {.paths = k_paths, .source = resolve_revision(workspace, "side"), .staged = false});
        }},
       k_restore, true},
      {{"checkout -- PATH", [](Workspace& workspace) { checkout(workspace, to(workspace, "side", {.paths = k_paths, .force = true})); }},
       k_switch},
      {{"switch --force", [](Workspace& workspace) { checkout(workspace, to(workspace, "side", {.force = true})); }}, k_nothing, false, false},
      {{"switch --force", [](Workspace& workspace) { checkout(workspace, to(workspace, "side", {.force = true})); }}, k_add, false, false},
      {{"checkout -- PATH", [](Workspace& workspace) { checkout(workspace, to(workspace, "side", {.paths = k_paths, .force = true})); }},
       k_branch},
      {{"restore", [](Workspace& workspace) { restore(workspace, {.paths = k_paths, .source = {}, .staged = false}); }}, k_commit, true},
      {k_move, k_nothing, false, false, true},
      {k_move, k_branch, false, true, true},
  };
  return all;
}

}  // namespace

TEST_CASE("what a killed command had discarded, undo brings back whatever was done next") {
  std::size_t kills = 0;
  std::size_t left_behind = 0;
  for (const Pair& pair : pairs()) {  // clang 14 has no bindings inside of CAPTURE
    CAPTURE(pair.word.name);
    CAPTURE(pair.next.name);
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(nth);
      Killed world;
      if (!world.is_killed(pair.word.run, nth)) break;
      ++kills;
      if (world.is_told()) {
        world.run([](Workspace& workspace) { undo(workspace, {}); });
      } else {
        const bool touched = !world.is_untouched(pair);
        world.run(pair.next.run);
        if (pair.next_is_told) CHECK(world.oplog().front() == world.env.command);
        if (touched && pair.next_is_told) {
          CHECK(world.oplog()[1] == k_killed);
          world.take_back();
        } else if (touched) {
          world.run([](Workspace& workspace) { undo(workspace, {}); });
        }
        left_behind += touched;
      }
      CHECK(world.is_untouched(pair));
      CHECK(describe(world.fsck()) == "");
    }
  }
  MESSAGE(kills << " kills, of which " << left_behind << " left something behind that nobody had told of");
  CHECK(left_behind > 100);
}
