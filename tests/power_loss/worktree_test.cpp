#include "ops/checkout.h"
#include "ops/ref_edit.h"
#include "ops/restore.h"
#include "ops/undo.h"
#include "power_loss/explore.h"
#include "support/mutant_file_systems.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

void tag(const Site& site, const std::string& name) {
  const Workspace workspace = site.open();
  create_ref(workspace, NamedRef::tag, name, resolve_revision(workspace, "HEAD").commit, Overrule::no);
}

void go_to(const Site& site, const std::string& revision, CheckoutOptions options = {}) {
  Workspace workspace = site.open();
  options.revision = resolve_revision(workspace, revision);
  checkout(workspace, options);
}

void put_back(const Site& site, PutBackOptions options) {
  Workspace workspace = site.open();
  restore(workspace, options);
}

/// Two commits that differ in every way, tagged; the second is checked out.
void make_history(PowerLossRun& run) {
  run.step("init", [](const Site& site) { site.init(); });
  run.write("work/a", "1");
  run.write("work/d/large", noise(20'000, 1));
  run.write("work/gone/f", "1");
  run.step("commit", [](const Site& site) { site.snapshot("first"); });
  run.step("tag", [](const Site& site) { tag(site, "one"); });
  run.write("work/a", "2");
  run.write("work/d/large", noise(24'000, 2));
  run.write("work/new/deep/f", "2");
  run.remove("work/gone/f");
  run.step("commit", [](const Site& site) { site.snapshot("second"); });
  run.step("tag", [](const Site& site) { tag(site, "two"); });
}

constexpr auto k_changed = Step::Files::changed;

void record_checkouts(PowerLossRun& run) {
  make_history(run);
  run.step("checkout one", [](const Site& site) { go_to(site, "one"); }, k_changed);
  run.step("switch main", [](const Site& site) { go_to(site, "main"); }, k_changed);
  run.step("switch -c", [](const Site& site) { go_to(site, "one", {.new_branch = "refs/heads/side"}); }, k_changed);
}

}  // namespace

TEST_CASE("after a power loss in a checkout, what is staged is there, and the same command finishes it") {
  PowerLossRun run;
  record_checkouts(run);
  explore_and_check(run, 800);
}

TEST_CASE("after a power loss in a restore, a checkout of paths, an rm or an undo, what is staged is there, and the same command finishes it") {
  PowerLossRun run;
  make_history(run);
  run.write("work/a", "mine");
  run.write("work/d/large", noise(10'000, 3));
  run.step("restore", [](const Site& site) { put_back(site, {.paths = {"a", "d"}, .source = {}, .staged = false}); }, k_changed);
  run.discarded({{"a", "mine"}, {"d/large", noise(10'000, 3)}});
  run.step("undo of it", [](const Site& site) {
    Workspace workspace = site.open();
    undo(workspace, {});
  }, k_changed);
  run.step("checkout -- paths", [](const Site& site) { go_to(site, "one", {.paths = {"d", "gone"}, .force = true}); }, k_changed);
  run.discarded({{"d/large", noise(10'000, 3)}});
  run.step("restore --staged", [](const Site& site) { put_back(site, {.paths = {"gone"}, .source = {}, .staged = true}); });
  run.step("rm", [](const Site& site) {
    Workspace workspace = site.open();
    remove_paths(workspace, {.paths = {"a"}, .force = true});
  }, k_changed);
  run.discarded({{"a", "mine"}});
  run.write("work/a", "mine once more");
  run.write("work/new/deep/f", noise(9'000, 4));
  run.step("checkout --force", [](const Site& site) { go_to(site, "one", {.force = true}); }, k_changed);
  run.discarded({{"a", "mine once more"}, {"new/deep/f", noise(9'000, 4)}});
  run.write("work/d/large", noise(8'000, 5));
  run.step("switch --force", [](const Site& site) { go_to(site, "main", {.force = true}); }, k_changed);
  run.discarded({{"d/large", noise(8'000, 5)}});
  explore_and_check(run, 800);
}

TEST_CASE("a checkout that does not sync the working tree is caught") {
  PowerLossRun run([](FileSystem& next) { return std::make_unique<SkippedSync>(next, [](int fd) { return fd < 0; }); });
  record_checkouts(run);
  CHECK(run.explore({.stop_at_first_bad = true}).first_bad);
}

TEST_CASE("a checkout that does not sync its journal is caught") {
  PowerLossRun run([](FileSystem& next) {
    return std::make_unique<SkippedSync>(next, [](int fd) { return fd >= 0 && is_open_as(fd, "/journal"); });
  });
  record_checkouts(run);
  CHECK(run.explore({.stop_at_first_bad = true}).first_bad);
}
