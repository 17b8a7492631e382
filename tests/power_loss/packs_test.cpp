#include <fmt/format.h>

#include <filesystem>
#include <iterator>

#include "ops/rechunk.h"
#include "ops/ref_edit.h"
#include "ops/repack.h"
#include "ops/revision.h"
#include "ops/save.h"
#include "power_loss/explore.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

void make_commits(PowerLossRun& run, int count) {
  run.step("init", [](const Site& site) { site.init(); });
  for (int i = 1; i <= count; ++i) {
    run.write("work/a", fmt::format("{}", i));
    run.write(fmt::format("work/d{}/f", i), noise(3'000, static_cast<std::uint64_t>(i)));
    run.step(fmt::format("commit {}", i), [](const Site& site) { site.snapshot("message"); });
  }
}

void save_folder(const Site& site, const std::string& folder, const std::string& branch) {
  SaveOptions options;
  options.path = site.worktree + folder;
  options.branch = branch;
  options.commit.message = "saved";
  options.commit.allow_empty = true;
  Workspace workspace = site.open();
  save(workspace, options);
}

}  // namespace

TEST_CASE("after a power loss while packs are merged, every object is found") {
  PowerLossRun run;
  constexpr int k_commits = 5;  // two packs each
  make_commits(run, k_commits);
  const std::filesystem::directory_iterator packs(run.site().repository + "/packs");
  REQUIRE(std::distance(begin(packs), end(packs)) < 2 * k_commits);
  explore_and_check(run, 800);
}

TEST_CASE("after a power loss in a repack, every object is found") {
  PowerLossRun run;
  run.site().settings.core.auto_merge = false;
  make_commits(run, 2);
  run.site().settings.core.compression = 0;
  run.step("repack", [](const Site& site) {
    Workspace workspace = site.open();
    repack(workspace);
  });
  explore_and_check(run, 400);
}

TEST_CASE("after a power loss in a rechunk, the branch is at one of its ends, and the next one gets to the other") {
  PowerLossRun run;
  run.site().settings.core.auto_merge = false;
  make_commits(run, 2);
  run.step("branch", [](const Site& site) {
    const Workspace workspace = site.open();
    create_ref(workspace, NamedRef::branch, "line", resolve_revision(workspace, "HEAD").commit, Overrule::no);
  });
  run.step("rechunk", [](const Site& site) {
    Site other = site;
    other.settings.core.inline_threshold = 1000;
    Workspace workspace = other.open();
    rechunk(workspace, {.branch = "line"});
  });
  explore_and_check(run, 400);
}

TEST_CASE("after a power loss in a save, its branch is old or new, and the next save goes through") {
  PowerLossRun run;
  run.site().repository = run.site().worktree + "/bare";
  run.step("init", [](const Site& site) { site.init(true); });
  run.write("work/source/a", "1");
  run.write("work/source/d/large", noise(20'000, 1));
  run.step("save", [](const Site& site) { save_folder(site, "/source", "b"); });
  run.write("work/source/a", "2");
  run.step("save again", [](const Site& site) { save_folder(site, "/source", "b"); });
  run.step("save elsewhere", [](const Site& site) { save_folder(site, "/source/d", "deep/er"); });
  explore_and_check(run, 400);
}
