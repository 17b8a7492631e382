#include <doctest/doctest.h>

#include "base/error.h"
#include "ops/ref_edit.h"
#include "ops/revision.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

TEST_CASE("whatever comes after a half-done renaming of the current branch sees it done, and commits on top of it") {
  std::size_t half_done = 0;
  for (const FileCall call : {FileCall::unlink, FileCall::rename, FileCall::fsync}) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(name_of(call));
      CAPTURE(nth);
      WorkFixture fixture;
      fixture.settings.core.fsync = true;
      fixture.write("a", "1");
      const ObjectId first = fixture.snapshot().id;
      FaultFileSystem failing(unsynced_file_system());
      failing.arm({.call = call, .nth = nth, .lasts = FaultLasts::forever});
      Environment env = fixture.env;
      env.fs = &failing;
      try {
        rename_ref(Workspace(env, fixture.settings, fixture.repository_path()), NamedRef::branch, "main", "trunk", Overrule::no);
      } catch (const Error&) {
      }
      if (failing.faults() == 0) break;
      const Repository repository(unsynced_file_system(), fixture.repository_path());
      half_done += RefStore(repository).list("refs/heads/").size() == 2;
      fixture.write("a", "2");
      const CommitResult result = fixture.snapshot();
      CHECK(result.parents == std::vector{first});
      const RefStore::Head head = fixture.open().refs().head();
      CHECK(head.commit == result.id);
      CHECK(list_refs(fixture.open(), NamedRef::branch).size() == 1);
      CHECK(describe(fixture.fsck()) == "");
    }
  }
  CHECK(half_done > 0);
}
