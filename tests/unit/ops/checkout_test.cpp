#include "ops/checkout.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "ops/tree_reader.h"
#include "unit/ops/checkout_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// Two commits that differ in every way a path can.
struct TwoCommits : CheckoutFixture {
  TwoCommits() {
    write("same", "same");
    write("changed", "one");
    write("gone", "one");
    write("mode", "mode", 0644);
    write("to-dir", "was a file");
    write("to-file/inner", "was in a directory");
    write("to-link", "was a file");
    write("big", noise(50'000, 1));
    write("dir/deep/a", "a");
    write("dir/keep", "keep");
    make_directory("empty");
    make_symlink("link", "same");
    ::mkfifo(path("fifo").c_str(), 0600);
    one = snapshot("one").id;
    files_one = files();
    start_over_tree();
    write("same", "same");
    write("changed", "two!");
    write("mode", "mode", 0755);
    write("to-dir/inner", "is in a directory");
    write("to-file", "is a file");
    make_symlink("to-link", "nowhere");
    write("big", noise(50'000, 1) + std::string(100'000, '\0') + noise(3'000, 2));
    write("dir/keep", "keep");
    write("new/x", "x");
    make_symlink("link", "changed");
    make_directory("closed", 0555);
    two = snapshot("two").id;
    files_two = files();
  }
  void start_over_tree() const {
    for (const auto& [name, content] : files()) remove(name);
  }
  ObjectId one, two;
  Snapshot files_one, files_two;
};

}  // namespace

TEST_CASE_FIXTURE(TwoCommits, "a checkout makes the tree what the commit says, and status is empty") {
  for (const unsigned threads : {1u, 2u, 8u}) {
    settings.performance.max_worker_threads = threads;
    const CheckoutResult back = go_to(one);
    CHECK((files() == files_one));
    CHECK(status_lines().empty());
    CHECK(back.failed.empty());
    CHECK(back.head == one);
    CHECK(back.branch.empty());
    CHECK(head().branch.empty());
    const CheckoutResult forth = go_to("main");
    CHECK((files() == files_two));
    CHECK(status_lines().empty());
    CHECK(forth.branch == "main");
    CHECK(head().branch == "refs/heads/main");
    CHECK(head().commit == two);
    CHECK(fsck().problems.empty());
  }
}

TEST_CASE_FIXTURE(TwoCommits, "a checkout counts what it did") {
  const CheckoutResult back = go_to(one);
  // changed, gone, mode, to-dir, to-file, to-file/inner, to-link, big, dir/deep, dir/deep/a, empty, link, fifo
  CHECK(back.written == 13);
  // to-dir/inner and to-dir, new/x and new, closed
  CHECK(back.removed == 5);
  CHECK(back.kept == 1);  // dir
  CHECK(go_to(one).written == 0);
}

TEST_CASE_FIXTURE(TwoCommits, "the index is that of the commit: nothing to commit, and add finds nothing new") {
  go_to(one);
  CHECK_FALSE(commit().committed);
  settle();
  CHECK(add_all().deleted == 0);
  CHECK_FALSE(commit().committed);
  CHECK(commit().id == one);
}

TEST_CASE_FIXTURE(TwoCommits, "the oplog says where HEAD was and went, with the index on both sides") {
  go_to(one);
  std::optional<OplogRecord> last;
  const Workspace workspace = open();
  workspace.refs().read_oplog([&](const OplogStep& step) { last = step.record; });
  REQUIRE(last);
  REQUIRE(last->changes.size() == 1);
  CHECK(last->changes[0].name == "HEAD");
  CHECK(last->changes[0].old_value->branch == "refs/heads/main");
  CHECK(last->changes[0].new_value->id == one);
  CHECK(last->command == env.command);
  CHECK(last->index_before == read_commit(workspace.objects(), two).tree);
  CHECK(last->index_after == read_commit(workspace.objects(), one).tree);
}

TEST_CASE_FIXTURE(TwoCommits, "changes that are not in the way are carried along") {
  write("same", "modified");
  write("untracked", "u");
  write("staged", "s");
  remove("dir/keep");
  add_paths({"staged"});
  const std::string before = status_lines();
  go_to(one);
  CHECK(status_lines() == before);
  CHECK(scratch().read("work/same") == "modified");
  go_to(two);
  CHECK(status_lines() == before);
}

TEST_CASE_FIXTURE(TwoCommits, "everything in the way is listed, and nothing is touched") {
  write("changed", "modified");
  write("big", noise(10, 9));
  add_paths({"big"});
  write("gone", "untracked, differs");
  write("dir/deep/a", "a");  // untracked, as wanted
  chmod("mode", 0700);
  const Snapshot before = files();
  const std::string status_before = status_lines();
  CHECK(in_the_way([&] { go_to(one); }) == "big, changed, gone, mode");
  CHECK((files() == before));
  CHECK(status_lines() == status_before);
  CHECK(head().branch == "refs/heads/main");
}

TEST_CASE_FIXTURE(TwoCommits, "a file that was deleted by hand is no conflict") {
  remove("changed");
  remove("to-dir");
  go_to(one);
  CHECK((files() == files_one));
  CHECK(status_lines().empty());
}

TEST_CASE_FIXTURE(TwoCommits, "untracked files that are as wanted are kept") {
  write("gone", "one");
  write("dir/deep/a", "a", 0600);
  go_to(one);
  CHECK((files() == files_one));
  CHECK(status_lines().empty());
}

TEST_CASE_FIXTURE(TwoCommits, "a directory with untracked content stays, one where a file must be is in the way") {
  write("new/untracked", "u");
  write("to-dir/untracked", "u");
  CHECK(in_the_way([&] { go_to(one); }) == "to-dir/untracked");
  remove("to-dir/untracked");
  make_directory("to-dir/empty/below");
  go_to(one);
  Snapshot expected = files_one;
  expected["new"] = "0755/";
  expected["new/untracked"] = "0644 u";
  CHECK((files() == expected));
  CHECK(status_lines() == "?? new/");
}

TEST_CASE_FIXTURE(TwoCommits, "a file where a directory must be is in the way") {
  write("empty", "a file");
  CHECK(in_the_way([&] { go_to(one); }) == "empty");
}

TEST_CASE_FIXTURE(TwoCommits, "a link in the place of a directory is never followed") {
  scratch().make_directory("elsewhere");
  scratch().write("elsewhere/keep", "mine");
  remove("dir");
  make_symlink("dir", "../elsewhere");
  CHECK(in_the_way([&] { go_to(one); }) == "dir");
  force_to(one);
  CHECK((files() == files_one));
  CHECK(status_lines().empty());
  CHECK(scratch().read("elsewhere/keep") == "mine");
  CHECK_FALSE(scratch().exists("elsewhere/deep"));
}

TEST_CASE_FIXTURE(TwoCommits, "what is staged below a directory that the target does not have is carried along") {
  write("new/staged", "s");
  add_paths({"new/staged"});
  go_to(one);
  CHECK(status_lines() == "A  new/staged");
  CHECK(staged("new/staged"));
  CHECK_FALSE(staged("new/x"));
  const ObjectId three = commit("three").id;
  go_to(two);
  CHECK((files() == files_two));
  go_to(three);
  CHECK(scratch().read("work/new/staged") == "s");
  CHECK(status_lines().empty());
}

TEST_CASE_FIXTURE(TwoCommits, "what is staged below a directory that becomes a file is in the way") {
  write("to-dir/staged", "s");
  add_paths({"to-dir/staged"});
  remove("to-dir/staged");
  CHECK(in_the_way([&] { go_to(one); }) == "to-dir/staged");
}

TEST_CASE_FIXTURE(TwoCommits, "force overwrites what is in the way and keeps its bytes in the repository") {
  write("changed", "modified");
  write("gone", "untracked");
  write("to-dir/untracked", "below");
  make_symlink("dir/deep", "nowhere");
  force_to(one);
  CHECK((files() == files_one));
  CHECK(status_lines().empty());
  std::optional<OplogRecord> last;
  const Workspace workspace = open();
  workspace.refs().read_oplog([&](const OplogStep& step) { last = step.record; });
  REQUIRE((last && last->discarded));
  std::map<std::string, std::string> kept;
  walk_tree(workspace.objects(), *last->discarded, "", [&](const std::string& path, const TreeEntry& entry) {
    if (entry.kind != EntryKind::directory)
      kept[path] = as_text(workspace.objects().read({ObjectType::chunk, entry.id}));
    return true;
  });
  CHECK(kept == std::map<std::string, std::string>{
                    {"changed", "modified"}, {"dir/deep", "nowhere"}, {"gone", "untracked"}, {"to-dir/untracked", "below"}});
}

TEST_CASE_FIXTURE(TwoCommits, "by force all that is tracked becomes as the commit has it, what is untracked elsewhere stays") {
  write("same", "modified, and the same in both");
  chmod("dir", 0700);
  remove("dir/keep");
  write("staged/new", "s");
  add_paths({"staged"});
  write("untracked", "u");
  for (const ObjectId& target : {two, one}) {
    force_to(target);
    Snapshot expected = target == one ? files_one : files_two;
    expected["untracked"] = "0644 u";
    CHECK((files() == expected));
    CHECK(status_lines() == "?? untracked");
    write("same", "modified again");
    write("staged/new", "s");
    add_paths({"staged"});
    write("dir/keep", "and this");
    add_paths({"dir/keep"});
  }
}

TEST_CASE_FIXTURE(TwoCommits, "detaching at a branch's commit, and a branch that moved meanwhile") {
  go_to(two);
  CHECK(head().branch.empty());
  CHECK(head().commit == two);
  Workspace workspace = open();
  CheckoutOptions options;
  options.revision = {.commit = one, .branch = "refs/heads/main"};
  CHECK(in_the_way([&] { checkout(workspace, options); }).empty());
  CHECK((files() == files_two));
}

TEST_CASE_FIXTURE(TwoCommits, "paths are set in index and working tree, HEAD stays") {
  const CheckoutResult result = take_paths(one, {"changed", "dir", "to-d*"});
  CHECK(result.branch == "main");
  Snapshot expected = files_two;
  for (const char* name : {"changed", "dir/deep", "dir/deep/a", "to-dir"}) expected[name] = files_one.at(name);
  expected.erase("to-dir/inner");
  CHECK((files() == expected));
  CHECK(status_lines() == "M  changed, A  dir/deep/a, A  to-dir, D  to-dir/inner");
  const ObjectId three = commit("three").id;
  CHECK(status_lines().empty());
  go_to(one);
  go_to(three);
  CHECK((files() == expected));
  CHECK(fsck().problems.empty());
}

TEST_CASE_FIXTURE(TwoCommits, "paths that are modified need force, those that match nothing are not found") {
  write("changed", "modified");
  write("gone", "untracked");
  write("big", "staged");
  add_paths({"big"});
  CHECK(in_the_way([&] { take_paths(two, {"changed"}); }) == "changed");
  CHECK(in_the_way([&] { take_paths(one, {"*"}); }) == "big, changed, gone");
  for (const char* path : {"nothing", "dir/nothing", "*.nothing"}) {
    CAPTURE(path);
    ErrorKind kind = ErrorKind::no;
    try {
      take_paths(one, {"same", path});
    } catch (const Error& error) {
      kind = error.kind();
    }
    CHECK(kind == ErrorKind::not_found);
  }
  take_paths(two, {"changed"}, true);
  CHECK(scratch().read("work/changed") == "two!");
  take_paths(two, {"big"}, true);
  CHECK(status_lines() == "?? gone");
}

TEST_CASE_FIXTURE(TwoCommits, "paths that are as wanted leave the index as it is") {
  take_paths(two, {"*"});
  CHECK(status_lines().empty());
  CHECK(staged("")->id == read_commit(open().objects(), two).tree);
}

TEST_CASE_FIXTURE(TwoCommits, "a directory on the way to a path keeps its mode") {
  chmod("dir", 0700);
  add_paths({"dir"});
  take_paths(one, {"dir/deep/a"});
  CHECK(files().at("dir") == "0700/");
  CHECK(status_lines() == "M  dir/, A  dir/deep/a");
}

TEST_CASE_FIXTURE(CheckoutFixture, "the first checkout of a repository without commits of its own") {
  write("a/b", "1");
  const ObjectId one = snapshot().id;
  {
    const Workspace workspace = open();
    OplogRecord record;
    record.changes = {{"HEAD", workspace.refs().read("HEAD"), RefValue{{}, "refs/heads/unborn"}}};
    workspace.refs().update(record, {});
  }
  write("a/b", "2");
  add_all();
  CHECK(in_the_way([&] { go_to(one); }) == "a/b");  // staged, and HEAD has nothing
  force_to(one);
  CHECK(scratch().read("work/a/b") == "1");
  CHECK(status_lines().empty());
}

TEST_CASE_FIXTURE(CheckoutFixture, "going from any tree to any other makes exactly that tree") {
  testing::SplitMix64 random(11);
  std::vector<std::pair<ObjectId, Snapshot>> states;
  for (int state = 0; state < 6; ++state) {
    for (const auto& [name, content] : files()) remove(name);
    make_directory("base");
    for (int i = 0; i < 25; ++i) {
      const std::string top = fmt::format("{}", random.between(0, 4));
      const std::string sub = fmt::format("{}/{}", top, random.between(0, 3));
      const std::string name = random.between(0, 2) == 0 ? top : random.between(0, 1) == 0 ? sub : sub + "/x";
      try {
        switch (random.between(0, 3)) {
          case 0: make_directory(name, 0700 | static_cast<mode_t>(random.between(0, 077))); break;
          case 1: make_symlink(name, "target"); break;
          default: write(name, noise(random.between(0, 9'000), random.between(0, 3)), 0600 | static_cast<mode_t>(random.between(0, 077)));
        }
      } catch (const std::exception&) {
        // a file is where a directory would have to be, or the reverse
      }
    }
    states.emplace_back(snapshot(fmt::format("{}", state)).id, files());
  }
  for (int step = 0; step < 30; ++step) {
    const auto& [id, expected] = states[random.between(0, states.size() - 1)];
    go_to(id);
    CHECK((files() == expected));
    CHECK(status_lines().empty());
  }
  CHECK(fsck().problems.empty());
}

TEST_CASE_FIXTURE(TwoCommits, "modes are exact whatever the umask") {
  go_to(one);
  for (const mode_t mask : {0u, 0077u, 0777u}) {
    const mode_t old = ::umask(mask);
    go_to(two);
    const Snapshot there = files();
    go_to(one);
    const Snapshot back = files();
    ::umask(old);
    CHECK((there == files_two));
    CHECK((back == files_one));
  }
}

TEST_CASE_FIXTURE(TwoCommits, "a file that cannot be restored is named, the others come") {
  const ObjectId id = staged("same")->id;
  write("only", "the one file");
  const ObjectId three = snapshot("three").id;
  remove("only");
  go_to(one);
  int damaged = 0;
  for (const auto& [name, bytes] : packs()) {
    std::string pack = bytes;
    const std::size_t at = pack.find("the one file");  // small blocks are stored raw
    if (at == std::string::npos) continue;
    ++damaged;
    pack[at] = 'T';
    scratch().write("work/.store/packs/" + name, pack);
  }
  REQUIRE(damaged == 1);
  const CheckoutResult result = go_to(three);
  REQUIRE(result.failed.size() == 1);
  CHECK(result.failed[0].path == "only");
  CHECK(result.damaged);
  CHECK((files() == files_two));
  CHECK(status_lines() == " D only");
  CHECK(staged("same")->id == id);
}
