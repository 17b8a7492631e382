#include "ops/ref_edit.h"
#include "ops/revision.h"
#include "ops/undo.h"
#include "power_loss/explore.h"

using namespace store;
using namespace store::test;

namespace {

void create(const Site& site, NamedRef kind, const std::string& name, Overrule force = Overrule::no) {
  const Workspace workspace = site.open();
  create_ref(workspace, kind, name, resolve_revision(workspace, "HEAD").commit, force);
}

void rename(const Site& site, const std::string& from, const std::string& to) {
  rename_ref(site.open(), NamedRef::branch, from, to, Overrule::no);
}

}  // namespace

TEST_CASE("after a power loss in a change of branches or tags, each is old or new, and several move together") {
  PowerLossRun run;
  run.step("init", [](const Site& site) { site.init(); });
  run.write("work/a", "1");
  run.step("commit", [](const Site& site) { site.snapshot("first"); });
  run.step("branch", [](const Site& site) { create(site, NamedRef::branch, "side"); });
  run.step("nested branch", [](const Site& site) { create(site, NamedRef::branch, "deep/er/branch"); });
  run.step("tag", [](const Site& site) { create(site, NamedRef::tag, "v1"); });
  run.write("work/a", "2");
  run.step("commit", [](const Site& site) { site.snapshot("second"); });
  run.step("branch -f", [](const Site& site) { create(site, NamedRef::branch, "side", Overrule::yes); });
  run.step("branch -m, a name that becomes a folder", [](const Site& site) { rename(site, "side", "side/ways"); });
  run.step("branch -m of the one that is checked out", [](const Site& site) { rename(site, "main", "trunk"); });
  run.step("branch -m, a folder that becomes a name", [](const Site& site) { rename(site, "deep/er/branch", "deep"); });
  run.step("branch -d of two", [](const Site& site) {
    delete_refs(site.open(), NamedRef::branch, {"side/ways", "deep"}, Overrule::yes);
  });
  run.step("tag -d", [](const Site& site) { delete_refs(site.open(), NamedRef::tag, {"v1"}, Overrule::no); });
  run.step("undo", [](const Site& site) {
    Workspace workspace = site.open();
    undo(workspace, {.count = 2});
  });
  explore_and_check(run, 800);
}
