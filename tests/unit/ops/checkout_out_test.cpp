#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/path.h"
#include "ops/checkout.h"
#include "unit/ops/checkout_fixture.h"

using namespace store;
using namespace store::test;

namespace {

struct OutFixture : CheckoutFixture {
  OutFixture() {
    write("a", "a");
    write("big", noise(60'000, 1) + std::string(200'000, '\0'));
    write("dir/script", "#!/bin/sh\n", 0755);
    write("dir/sub/x", "x");
    make_directory("empty", 0700);
    make_symlink("link", "dir/sub/x");
    commit_id = snapshot().id;
    wanted = files();
    write("a", "newer");
    snapshot();
  }
  /// The wanted files at or below these paths, with `prefix` taken off.
  Snapshot part(const std::vector<std::string>& paths, const std::string& prefix = {}) const {
    Snapshot result;
    for (const auto& [name, content] : wanted)
      for (const std::string& path : paths)
        if (is_within(name, path) && name.size() > prefix.size()) result[name.substr(prefix.size())] = content;
    return result;
  }
  ObjectId commit_id;
  Snapshot wanted;
};

}  // namespace

TEST_CASE_FIXTURE(OutFixture, "a commit is put into a new folder; HEAD, index and working tree stay") {
  const Snapshot before = files();
  const std::string index = scratch().read("work/.store/index.log");
  const CheckoutResult result = take_out(commit_id, "new/out");
  CHECK((files_out("new/out") == wanted));
  CHECK(result.written == wanted.size());
  CHECK(result.branch == "main");
  CHECK((files() == before));
  CHECK((scratch().read("work/.store/index.log") == index));
  CHECK(status_lines().empty());
  CHECK(head().branch == "refs/heads/main");
}

TEST_CASE_FIXTURE(OutFixture, "equal files are kept, missing ones written, others left alone") {
  take_out(commit_id);
  scratch().remove("out/big");
  scratch().remove("out/dir/sub");
  scratch().write("out/mine", "mine");
  struct stat before = *stat_at(scratch().dirfd(), "out/a");
  const CheckoutResult again = take_out(commit_id);
  CHECK(again.written == 3);  // big, dir/sub, dir/sub/x
  CHECK(again.kept == wanted.size() - 3);
  Snapshot expected = wanted;
  expected["mine"] = "0644 mine";
  CHECK((files_out() == expected));
  CHECK(stat_at(scratch().dirfd(), "out/a")->st_ino == before.st_ino);
}

TEST_CASE_FIXTURE(OutFixture, "differing files are all listed and nothing is written, force overwrites them") {
  scratch().write("out/a", "other");
  scratch().write("out/dir/script", "#!/bin/sh\n", 0600);  // as wanted but for its mode
  scratch().write("out/dir/sub", "a file");
  scratch().make_symlink("out/big", "/etc/passwd");
  const Snapshot before = files_out();
  CHECK(in_the_way([&] { take_out(commit_id); }) == "a, big, dir/sub");
  CHECK((files_out() == before));
  take_out(commit_id, "out", {.force = true});
  CHECK((files_out() == wanted));
}

TEST_CASE_FIXTURE(OutFixture, "force does not delete a folder that has files in it") {
  scratch().write("out/a/mine", "mine");
  scratch().make_directory("out/big/nothing/in/here");
  CHECK(in_the_way([&] { take_out(commit_id, "out", {.force = true}); }) == "a/mine");
  CHECK_FALSE(scratch().exists("out/dir"));
  scratch().remove("out/a/mine");
  take_out(commit_id, "out", {.force = true});
  CHECK((files_out() == wanted));
}

TEST_CASE_FIXTURE(OutFixture, "links in the target are never followed") {
  scratch().make_directory("elsewhere");
  scratch().make_directory("out");
  scratch().make_symlink("out/dir", "../elsewhere");
  CHECK(in_the_way([&] { take_out(commit_id); }) == "dir");
  take_out(commit_id, "out", {.force = true});
  CHECK((files_out() == wanted));
  CHECK(files_out("elsewhere").empty());
}

TEST_CASE_FIXTURE(OutFixture, "REV -- PATH keeps the path, REV:SUB puts the content at the folder") {
  CheckoutOptions options;
  options.paths = {"dir/sub", "li*"};
  take_out(commit_id, "by-path", options);
  Snapshot expected = part({"dir/sub", "link"});
  expected["dir"] = "0755/";
  CHECK((files_out("by-path") == expected));
  options = {};
  options.subtree = "dir";
  take_out(commit_id, "sub", options);
  CHECK((files_out("sub") == part({"dir"}, "dir/")));
  options.paths = {"sub"};
  take_out(commit_id, "sub-path", options);
  CHECK((files_out("sub-path") == part({"dir/sub"}, "dir/")));
  options.paths = {"nothing"};
  ErrorKind kind = ErrorKind::no;
  try {
    take_out(commit_id, "none", options);
  } catch (const Error& error) {
    kind = error.kind();
  }
  CHECK(kind == ErrorKind::not_found);
  CHECK_FALSE(scratch().exists("none"));
}

TEST_CASE_FIXTURE(OutFixture, "a single file goes to the name, or into a folder that is there") {
  CheckoutOptions options;
  options.subtree = "dir/script";
  take_out(commit_id, "one/as-this", options);
  CHECK((files_out("one") == Snapshot{{"as-this", "0755 #!/bin/sh\n"}}));
  take_out(commit_id, "one", options);
  CHECK((files_out("one") == Snapshot{{"as-this", "0755 #!/bin/sh\n"}, {"script", "0755 #!/bin/sh\n"}}));
}

TEST_CASE_FIXTURE(OutFixture, "a bare repository has no working tree, but can be put elsewhere") {
  rename(".store", "../bare");
  Workspace workspace(env, settings, scratch().path("bare"));
  CheckoutOptions options;
  options.revision = resolve_revision(workspace, commit_id.hex());
  ErrorKind kind = ErrorKind::no;
  try {
    checkout(workspace, options);
  } catch (const Error& error) {
    kind = error.kind();
  }
  CHECK(kind == ErrorKind::no_worktree);
  options.out = scratch().path("out");
  checkout(workspace, options);
  CHECK((files_out() == wanted));
}

TEST_CASE_FIXTURE(OutFixture, "a folder in the repository is refused, however it is named, and nothing is made") {
  make_symlink("direct", ".store");
  make_symlink("above", "..");
  const std::vector<std::string> before = scratch().list();
  for (const char* out : {"work/.store", "work/.store/packs", "work/.store/new/er", "work/dir/../.store/x", "work/new/../.store/x",
                          "work/direct", "work/direct/x", "work/direct/packs/../new/x", "work/above/work/.store/x"}) {
    CAPTURE(out);
    ErrorKind kind = ErrorKind::no;
    try {
      take_out(commit_id, out);
    } catch (const Error& error) {
      kind = error.kind();
    }
    CHECK(kind == ErrorKind::usage);
    CHECK(scratch().list() == before);
  }
}

TEST_CASE_FIXTURE(OutFixture, "a folder beside the repository is not refused for the way that its name takes") {
  make_symlink("direct", ".store");
  scratch().make_directory("there");
  scratch().make_symlink("link", "there");
  take_out(commit_id, "work/direct/../../one");
  take_out(commit_id, "work/.store/new/../../../two/");
  take_out(commit_id, "link/three");
  for (const char* name : {"one", "two", "there/three"}) CHECK((files_out(name) == wanted));
  CHECK(!scratch().exists("work/.store/new"));
}

TEST_CASE_FIXTURE(OutFixture, "of temporaries only those that a killed checkout can have left are removed") {
  const std::string content = "dir/.store-tmp-00000000000000aa";
  const std::string tracked = "dir/.store-tmp-00000000000000bb";
  const std::string leftover = "dir/.store-tmp-00000000000000cc";
  write(content, "content");
  const ObjectId with_content = snapshot().id;
  remove(content);
  write(tracked, "tracked");
  snapshot();
  take_out(with_content);
  const ino_t inode = stat_at(scratch().dirfd(), "out/" + content)->st_ino;
  scratch().write("out/" + leftover, "leftover");
  scratch().write("out/.store-tmp-notes", "mine");
  scratch().write("out/dir/.store-tmp-00000000000000AA", "mine too");
  take_out(with_content);
  CHECK(stat_at(scratch().dirfd(), "out/" + content)->st_ino == inode);
  CHECK(!scratch().exists("out/" + leftover));
  CHECK(scratch().exists("out/.store-tmp-notes"));
  CHECK(scratch().exists("out/dir/.store-tmp-00000000000000AA"));
  write(leftover, "leftover");
  CheckoutOptions options;
  options.subtree = "dir";
  take_out(with_content, "work/dir", options);
  CHECK(scratch().exists("work/" + tracked));
  CHECK(!scratch().exists("work/" + leftover));
}

TEST_CASE_FIXTURE(OutFixture, "one that was killed anywhere is finished by the same call") {
  std::uint64_t kills = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    scratch().remove("out");
    const bool killed = killed_at(nth, [&] { take_out(commit_id); });
    // A file that has its name is whole.
    if (scratch().exists("out")) {
      for (const auto& [name, content] : files_out()) {
        if (name.find(".store-tmp-") != std::string::npos || content.ends_with("/")) continue;
        CHECK((content == wanted.at(name)));
      }
    }
    take_out(commit_id);
    CHECK((files_out() == wanted));
    if (!killed) break;
    ++kills;
  }
  CHECK(kills > wanted.size());
}

TEST_CASE_FIXTURE(OutFixture, "a call that is refused by the system ends in its error and leaves no temporary") {
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    scratch().remove("out");
    FaultFileSystem fs(unsynced_file_system());
    fs.arm({.nth = nth, .error = ENOSPC});
    env.fs = &fs;
    ErrorKind kind = ErrorKind::no;
    bool failed = false;
    try {
      failed = !take_out(commit_id).failed.empty();
    } catch (const Error& error) {
      kind = error.kind();
    }
    env.fs = &unsynced_file_system();
    if (fs.faults() == 0) break;
    // The session's own folder is what a full disk may take from a reader without a word.
    if (kind == ErrorKind::no && !failed) CHECK((files_out() == wanted));
    else CHECK((kind == ErrorKind::no_space || failed));
    if (!scratch().exists("out")) continue;
    for (const auto& [name, content] : files_out()) CHECK(name.find(".store-tmp-") == std::string::npos);
  }
}
