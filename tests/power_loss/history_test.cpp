#include "ops/status.h"
#include "ops/undo.h"
#include "power_loss/explore.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

TEST_CASE("after a power loss in init, add or commit, refs are old or new and nothing acknowledged is lost") {
  PowerLossRun run;
  run.step("init", [](const Site& site) { site.init(); });
  run.write("work/a", "1");
  run.write("work/d/large", noise(20'000, 1));
  run.step("add", [](const Site& site) { site.add_all(); });
  run.step("commit", [](const Site& site) { site.commit("first"); });
  run.write("work/a", "2");
  run.write("work/d/more", noise(5'000, 2));
  run.remove("work/d/large");
  run.step("add again", [](const Site& site) { site.add_all(); });
  run.step("status", [](const Site& site) {
    Workspace workspace = site.open();
    status(workspace, {});
  });
  run.step("commit again", [](const Site& site) { site.commit("second"); });
  run.step("amend", [](const Site& site) { site.commit("second, amended", true); });
  run.step("undo", [](const Site& site) {
    Workspace workspace = site.open();
    undo(workspace, {});
  });
  explore_and_check(run, 800);
}

TEST_CASE("after a power loss in an init of a bare repository deep below new folders, the next one makes it") {
  PowerLossRun run;
  run.site().repository = run.site().worktree + "/deep/down/bare";
  run.step("init", [](const Site& site) { site.init(true); });
  explore_and_check(run, 100);
}
