// Caches are written without a lock or a session: what a kill leaves of one goes with the next command that writes.
#include <doctest/doctest.h>

#include <filesystem>

#include "ops/manifest.h"
#include "ops/revision.h"
#include "ops/told_settings.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

std::size_t temporaries(const WorkFixture& fixture) {
  std::size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(fixture.repository_path()))
    count += file.path().filename().string().find(".tmp.") != std::string::npos;
  return count;
}

/// Kills `command` at each of its calls; how many of these kills left a temporary.
template <typename Command>
std::size_t kills_that_leave_something(Command command) {
  std::size_t left = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    WorkFixture fixture;
    fixture.write("large", noise(30'000, 1));
    fixture.snapshot("one");
    ChildProcess child([&] {
      FaultFileSystem killing(unsynced_file_system());
      killing.arm({.call = std::nullopt, .nth = nth, .action = FaultAction::kill});
      fixture.env.fs = &killing;
      Workspace workspace = fixture.open();
      command(workspace);
    });
    if (!WIFSIGNALED(child.wait())) return left;
    left += temporaries(fixture) != 0;
    fixture.write("next", "1");
    fixture.snapshot("two");
    CHECK(temporaries(fixture) == 0);
  }
}

}  // namespace

TEST_CASE("what a kill leaves of the hashes of contents is removed by the next add") {
  CHECK(kills_that_leave_something([](Workspace& workspace) {
          const ObjectId tree = read_commit(workspace.objects(), resolve_revision(workspace, "HEAD").commit).tree;
          manifest(workspace, {.kind = EntryKind::directory, .mode = 0755, .size = 0, .name = {}, .id = tree}, "",
                   [](const std::string&, const TreeEntry&, const ObjectId&) {});
        }) > 0);
}

TEST_CASE("what a kill leaves of the settings that were told is removed by the next add") {
  CHECK(kills_that_leave_something([](Workspace& workspace) { tell_once(workspace, "chunking.avg = 8K\n"); }) > 0);
}
