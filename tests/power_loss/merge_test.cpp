#include "ops/merge.h"

#include <fcntl.h>

#include <filesystem>

#include "base/error.h"
#include "ops/checkout.h"
#include "ops/ref_edit.h"
#include "ops/restore.h"
#include "power_loss/explore.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

constexpr auto k_changed = Step::Files::changed;

void go_to(const Site& site, const std::string& revision, CheckoutOptions options = {}) {
  Workspace workspace = site.open();
  options.revision = resolve_revision(workspace, revision);
  checkout(workspace, options);
}

/// What the power loss left of files that the command was writing, and that is in its way, goes, as the error says (docs/durability.md
/// "Not promised").
template <typename Command>
void without_remains(const Site& site, Command command) {
  try {
    command();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::conflict || error.paths().empty()) throw;
    for (const std::string& path : error.paths()) std::filesystem::remove(site.worktree + "/" + path);
    command();
  }
}

void merge_with(const Site& site, const std::string& branch, bool no_ff = false) {
  without_remains(site, [&] {
    Workspace workspace = site.open();
    merge(workspace, {.revision = resolve_revision(workspace, branch), .name = branch, .no_ff = no_ff});
  });
}

/// Two branches that changed other files each, and one the same.
void make_branches(PowerLossRun& run, bool conflict) {
  run.step("init", [](const Site& site) { site.init(); });
  run.write("work/a", "1");
  run.write("work/d/large", noise(12'000, 1));
  run.step("commit", [](const Site& site) { site.snapshot("base"); });
  run.step("switch -c", [](const Site& site) { go_to(site, "HEAD", {.new_branch = "refs/heads/side"}); }, k_changed);
  run.write("work/d/large", noise(13'000, 2));
  run.write("work/theirs/new", "t");
  run.step("commit on side", [](const Site& site) { site.snapshot("side"); });
  run.step("switch main", [](const Site& site) { go_to(site, "main"); }, k_changed);
  run.write("work/a", "2");
  if (conflict) run.write("work/d/large", noise(11'000, 3));
  run.step("commit on main", [](const Site& site) { site.snapshot("main"); });
}

}  // namespace

TEST_CASE("after a power loss in a merge, it goes through, and what is staged is there") {
  PowerLossRun run;
  make_branches(run, false);
  run.step("merge", [](const Site& site) { merge_with(site, "side"); }, k_changed);
  run.step("switch side", [](const Site& site) { go_to(site, "side"); }, k_changed);
  run.step("fast-forward", [](const Site& site) { merge_with(site, "main"); }, k_changed);
  explore_and_check(run, 800);
}

TEST_CASE("after a power loss in a merge with conflicts, or in giving it up, it is there as a whole or not at all") {
  PowerLossRun run;
  make_branches(run, true);
  run.step("merge", [](const Site& site) { merge_with(site, "side"); }, k_changed);
  run.write("work/d/large", noise(12'500, 4));
  run.step("merge --abort", [](const Site& site) {
    Workspace workspace = site.open();
    abort_merge(workspace);
  }, k_changed);
  run.discarded({{"d/large", noise(12'500, 4)}});
  explore_and_check(run, 800);
}

/// A rename of which the disk kept one half only shows both names, or none: one of them is taken away, or comes back from the index, as
/// a user would do it.
void move_to(const Site& site, const std::string& from, const std::string& to, const std::string& new_name) {
  const std::string moved = site.worktree + "/" + new_name;
  const bool old_is_there = std::filesystem::exists(site.worktree + "/" + from);
  const bool new_is_there = std::filesystem::exists(moved);
  Workspace workspace = site.open();
  if (old_is_there && new_is_there) std::filesystem::remove_all(moved);
  if (!old_is_there && !new_is_there) restore(workspace, {.paths = {from}, .source = {}, .staged = false});
  move_paths(workspace, {.sources = {from}, .target = to});
}

/// Over a file that is there. Of a rename of which both names are gone or the old one is, what was interrupted is taken back first, as its
/// warning says.
void move_over(const Site& site, const std::string& from, const std::string& to) {
  if (!std::filesystem::exists(site.worktree + "/" + from)) take_back(site);
  Workspace workspace = site.open();
  move_paths(workspace, {.sources = {from}, .target = to, .force = true});
}

TEST_CASE("after a power loss in an mv, the same command moves what is left where it was") {
  PowerLossRun run;
  run.step("init", [](const Site& site) { site.init(); });
  run.write("work/a", "1");
  run.write("work/d/large", noise(12'000, 1));
  run.step("commit", [](const Site& site) { site.snapshot("first"); });
  run.step("mv of a directory", [](const Site& site) { move_to(site, "d", "e", "e"); }, k_changed);
  run.step("mv of a file", [](const Site& site) { move_to(site, "a", "e", "e/a"); }, k_changed);
  run.write("work/b", "mine");
  run.write("work/e/a", "mine, too");
  run.step("mv --force", [](const Site& site) { move_over(site, "e/a", "b"); }, k_changed);
  run.discarded({{"b", "mine"}, {"e/a", "mine, too"}});
  explore_and_check(run, 100);
}

TEST_CASE("after a power loss in a checkout to another folder, the same command finishes it, and the repository is as before") {
  PowerLossRun run;
  run.step("init", [](const Site& site) { site.init(); });
  run.write("work/a", "1");
  run.write("work/d/large", noise(12'000, 1));
  run.step("commit", [](const Site& site) { site.snapshot("first"); });
  run.step("checkout --out", [](const Site& site) {
    const std::string out = site.worktree + "-out";
    without_remains(site, [&] { go_to(site, "HEAD", {.out = out, .force = std::filesystem::exists(out)}); });
    const auto is = [&](const std::string& name, const std::string& content) {
      const std::optional<Bytes> bytes = read_file(AT_FDCWD, out + "/" + name, 1u << 20);
      if (!bytes || as_text(*bytes) != content) throw Error(ErrorKind::bug, name + ": is not as in the commit");
    };
    is("a", "1");
    is("d/large", noise(12'000, 1));
  });
  explore_and_check(run, 100);
}
