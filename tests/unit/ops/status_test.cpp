#include "ops/status.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "support/fault_file_system.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

using Lines = std::vector<std::string>;

Lines status_of(const WorkFixture& fixture, bool all_untracked = false) {
  StatusOptions options;
  options.all_untracked = all_untracked;
  return lines_of(fixture.status(options));
}

/// Some of everything, committed and settled.
void start(const WorkFixture& fixture) {
  fixture.write("a", "content of a");
  fixture.write("d/b", "content of b");
  fixture.write("d/e/large", noise(30'000, 1));
  fixture.make_symlink("link", "target");
  fixture.make_directory("empty");
  fixture.settle();
  fixture.snapshot();
}

}  // namespace

TEST_CASE("before the first commit everything staged is added and everything else untracked") {
  WorkFixture fixture;
  CHECK(status_of(fixture).empty());
  CHECK(!fixture.status().head);
  CHECK(fixture.status().branch == "main");
  fixture.write("a", "1");
  fixture.write("d/b", "1");
  CHECK(status_of(fixture) == Lines{"?? a", "?? d/"});
  fixture.add_paths({"d"});
  CHECK(status_of(fixture) == Lines{"A  d/b", "?? a"});
}

TEST_CASE("right after a commit status is empty") {
  WorkFixture fixture;
  start(fixture);
  CHECK(status_of(fixture).empty());
  CHECK(fixture.status().head == fixture.open().refs().head().commit);
}

TEST_CASE("changed content is modified, of files of either kind and of links") {
  WorkFixture fixture;
  start(fixture);
  fixture.write("a", "CONTENT OF A");  // the same size
  fixture.append("d/e/large", "x");
  fixture.remove("link");
  fixture.make_symlink("link", "other!");
  CHECK(status_of(fixture) == Lines{" M a", " M d/e/large", " M link"});
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"M  a", "M  d/e/large", "M  link"});
  fixture.write("a", "again");
  CHECK(status_of(fixture) == Lines{"M  a", "M  d/e/large", "M  link", " M a"});
}

TEST_CASE("a file that grows across the inline threshold is modified, not another type") {
  WorkFixture fixture;
  start(fixture);
  fixture.write("a", noise(30'000, 9));
  fixture.write("d/e/large", "small now");
  CHECK(status_of(fixture) == Lines{" M a", " M d/e/large"});
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"M  a", "M  d/e/large"});
}

TEST_CASE("a touched file is not modified, and its new times are learnt") {
  WorkFixture fixture;
  start(fixture);
  const IndexEntry before = *fixture.staged("a");
  fixture.write("a", "content of a");
  fixture.settle();
  CHECK(status_of(fixture).empty());
  const IndexEntry after = *fixture.staged("a");
  CHECK(after.stat != before.stat);
  CHECK(!after.racy);
  CHECK(after.id == before.id);
}

TEST_CASE("a change of mode alone is modified, of files and directories") {
  WorkFixture fixture;
  start(fixture);
  fixture.chmod("a", 0755);
  fixture.chmod("d", 0700);
  CHECK(status_of(fixture) == Lines{" M a", " M d/"});
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"M  a", "M  d/"});
  fixture.commit();
  CHECK(status_of(fixture).empty());
}

TEST_CASE("with exec permissions only the owner's execute bit of files counts") {
  WorkFixture fixture;
  fixture.settings.core.permissions = Permissions::exec;
  start(fixture);
  fixture.chmod("a", 0600);
  fixture.chmod("d", 0700);
  CHECK(status_of(fixture).empty());
  fixture.chmod("a", 0711);
  CHECK(status_of(fixture) == Lines{" M a"});
}

TEST_CASE("deleted files are listed one by one, staged or not") {
  WorkFixture fixture;
  start(fixture);
  fixture.remove("d");
  fixture.remove("link");
  CHECK(status_of(fixture) == Lines{" D d/b", " D d/e/large", " D link"});
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"D  d/b", "D  d/e/large", "D  link"});
}

TEST_CASE("an empty directory is an entry: untracked, added, deleted") {
  WorkFixture fixture;
  start(fixture);
  fixture.make_directory("new");
  CHECK(status_of(fixture) == Lines{"?? new/"});
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"A  new/"});
  fixture.remove("empty");
  CHECK(status_of(fixture) == Lines{"A  new/", " D empty/"});
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"D  empty/", "A  new/"});
}

TEST_CASE("a directory emptied by hand stays as an empty one") {
  WorkFixture fixture;
  start(fixture);
  fixture.remove("d/e/large");
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"D  d/e/large"});
  REQUIRE(fixture.staged("d/e"));
  fixture.commit();
  CHECK(status_of(fixture).empty());
}

TEST_CASE("another type is a typechange") {
  WorkFixture fixture;
  start(fixture);
  fixture.remove("a");
  fixture.make_symlink("a", "content of a");
  fixture.remove("link");
  REQUIRE(::mkfifo(fixture.path("link").c_str(), 0644) == 0);
  CHECK(status_of(fixture) == Lines{" T a", " T link"});
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"T  a", "T  link"});
}

TEST_CASE("a directory with files in a file's place is the file's deletion, and only all untracked files show what is in it") {
  WorkFixture fixture;
  start(fixture);
  fixture.remove("a");
  fixture.write("a/x/1", "1");
  fixture.write("a/2", "2");
  fixture.remove("link");
  fixture.make_directory("link");
  fixture.write("m", "after the directory");
  CHECK(status_of(fixture) == Lines{" D a", " D link", "?? link/", "?? m"});
  CHECK(status_of(fixture, true) == Lines{" D a", " D link", "?? a/2", "?? a/x/1", "?? link/", "?? m"});
}

TEST_CASE("a file in a directory's place is untracked, and what was in the directory is deleted") {
  WorkFixture fixture;
  start(fixture);
  fixture.remove("d");
  fixture.write("d", "1");
  fixture.remove("empty");
  fixture.make_symlink("empty", "a");
  CHECK(status_of(fixture) == Lines{" D d/b", " D d/e/large", " D empty/", "?? d", "?? empty"});
}

TEST_CASE("untracked directories collapse unless all files are asked for") {
  WorkFixture fixture;
  start(fixture);
  fixture.write("new/x/1", "1");
  fixture.write("new/2", "2");
  fixture.write("d/new/3", "3");
  fixture.make_directory("new/hollow");
  CHECK(status_of(fixture) == Lines{"?? d/new/", "?? new/"});
  CHECK(status_of(fixture, true) == Lines{"?? d/new/3", "?? new/2", "?? new/hollow/", "?? new/x/1"});
}

TEST_CASE("staged files that moved with their content are renames; empty ones never") {
  WorkFixture fixture;
  start(fixture);
  fixture.write("nothing", "");
  fixture.snapshot();
  fixture.rename("a", "moved");
  fixture.rename("nothing", "nothing moved");
  fixture.rename("d/e/large", "large");
  CHECK(status_of(fixture) ==
        Lines{" D a", " D d/e/large", " D nothing", "?? large", "?? moved", "?? nothing moved"});
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"R  d/e/large -> large", "R  a -> moved", "D  nothing", "A  nothing moved"});
}

TEST_CASE("of several deleted files of one content the one of the same name is the origin") {
  WorkFixture fixture;
  fixture.write("one/x", "same");
  fixture.write("two/y", "same");
  fixture.snapshot();
  fixture.remove("one/x");
  fixture.remove("two/y");
  fixture.write("three/y", "same");
  fixture.add_all();
  CHECK(status_of(fixture) == Lines{"D  one/x", "R  two/y -> three/y"});
}

TEST_CASE("pathspecs choose what is listed") {
  WorkFixture fixture;
  start(fixture);
  fixture.write("a", "changed");
  fixture.write("d/b", "changed");
  fixture.write("d/new", "x");
  StatusOptions options;
  options.paths = {"d"};
  CHECK(lines_of(fixture.status(options)) == Lines{" M d/b", "?? d/new"});
  options.paths = {"*w"};
  CHECK(lines_of(fixture.status(options)) == Lines{"?? d/new"});
  options.paths = {"no such path"};
  CHECK(lines_of(fixture.status(options)).empty());
}

TEST_CASE("a rename of which one name was asked for is a deletion or an addition") {
  WorkFixture fixture;
  start(fixture);
  fixture.rename("d/b", "moved");
  fixture.add_all();
  StatusOptions options;
  options.paths = {"d"};
  CHECK(lines_of(fixture.status(options)) == Lines{"D  d/b"});
  options.paths = {"moved"};
  CHECK(lines_of(fixture.status(options)) == Lines{"A  moved"});
  options.paths = {"d", "moved"};
  CHECK(lines_of(fixture.status(options)) == Lines{"R  d/b -> moved"});
}

TEST_CASE("status neither waits for a writer nor writes while there is one") {
  WorkFixture fixture;
  start(fixture);
  fixture.write("a", "content of a");
  fixture.settle();
  const IndexEntry before = *fixture.staged("a");
  const Workspace writer = fixture.open();
  const Lock lock = writer.repository().locks().acquire(LockName::index, LockMode::exclusive, {});
  CHECK(status_of(fixture).empty());
  CHECK(fixture.staged("a") == before);
}

TEST_CASE("what status records stands behind batches that are sure, and costs no sync where none is wanted") {
  for (const bool synced : {true, false}) {
    WorkFixture fixture;
    fixture.settings.core.fsync = synced;
    fixture.write("a", "1");
    fixture.add_all();
    FaultFileSystem counting(unsynced_file_system());
    fixture.env.fs = &counting;
    fixture.status();  // the entry is racy: it is read once more, and that is recorded
    CHECK(counting.count(FileCall::pwrite) > 0);
    CHECK(counting.count(FileCall::fdatasync) == (synced ? 1 : 0));
  }
}

TEST_CASE("an interrupted command is named") {
  WorkFixture fixture;
  start(fixture);
  CHECK(!fixture.status().interrupted);
  fixture.write("new", "x");
  ChildProcess child([&] {
    Environment env = fixture.env;
    env.command = "store add new";
    const Repository repository(*env.fs, fixture.repository_path());
    Session session = Session::open(repository, env.command, {});
    session.create_journal();
    ::_exit(0);
  });
  child.wait();
  const std::optional<SessionInfo> interrupted = fixture.status().interrupted;
  REQUIRE(interrupted);
  CHECK(interrupted->command == "store add new");
  fixture.add_all();
  CHECK(!fixture.status().interrupted);
}
