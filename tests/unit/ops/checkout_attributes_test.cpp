#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "format/commit.h"
#include "format/index_metadata.h"
#include "ops/attributes_reader.h"
#include "ops/restore.h"
#include "ops/revision.h"
#include "ops/undo.h"
#include "support/forwarding_file_system.h"
#include "unit/ops/checkout_fixture.h"

using namespace store;
using namespace store::test;

namespace {

struct RestoreFixture : CheckoutFixture {
  RestoreFixture() { env.source_date_epoch.reset(); }
  struct stat look(const std::string& below) const {
    struct stat info = {};
    REQUIRE(::lstat(scratch().path(below).c_str(), &info) == 0);
    return info;
  }
  void set_mtime(const std::string& name, std::int64_t seconds, long ns) const {
    const struct timespec times[2] = {{seconds, ns}, {seconds, ns}};
    REQUIRE(::utimensat(AT_FDCWD, path(name).c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
  }
  void link(const std::string& from, const std::string& to) const {
    REQUIRE(::link(path(from).c_str(), path(to).c_str()) == 0);
  }
  /// A commit of the first one's tree with other attributes.
  ObjectId with_attributes(const ObjectId& of, const ObjectId& attributes) const {
    Workspace workspace = open();
    Commit commit = read_commit(workspace.objects(), of);
    commit.attributes = attributes;
    const std::string text = encode_commit(commit);
    const ObjectId id = commit_id(text);
    Session session = Session::open(workspace.repository(), "test", {});
    Publisher publisher(workspace.repository(), workspace.objects(), session, {}, false);
    ObjectWriter writer(workspace.objects(), publisher, {});
    writer.put({ObjectType::commit, id}, as_bytes(text));
    writer.flush();
    publisher.finish(std::nullopt);
    session.remove();
    return id;
  }
};

/// The modes that files are made with, by the names they get.
class InitialModes : public ForwardingFileSystem {
 public:
  InitialModes() : ForwardingFileSystem(unsynced_file_system()) {}
  UniqueFd open(At at, int flags, mode_t mode) override {
    if ((flags & O_CREAT) != 0 && is_temporary_name(at.name)) made_[at.name] = mode;
    return ForwardingFileSystem::open(at, flags, mode);
  }
  void rename_new(At from, At to) override {
    ForwardingFileSystem::rename_new(from, to);
    if (const auto made = made_.find(from.name); made != made_.end()) found[to.name] = made->second;
  }
  std::map<std::string, mode_t> found;

 private:
  std::map<std::string, mode_t> made_;
};

}  // namespace

TEST_CASE("a file is closed to others until it is finished, unless they may read it in the end") {
  RestoreFixture fixture;
  for (const int mode : {0644, 0444, 0640, 0664, 04755}) {
    const std::string name = fmt::format("{:04o}", mode);
    fixture.write(name, "content of " + name);
    fixture.chmod(name, static_cast<mode_t>(mode));
  }
  fixture.write("large", noise(100'000, 1), 0644);
  fixture.write("named", "content");
  const bool noted = ::setxattr(fixture.path("named").c_str(), "user.note", "x", 1, 0) == 0;  // some file systems have no such thing
  const ObjectId commit = fixture.snapshot().id;
  InitialModes modes;
  fixture.env.fs = &modes;
  CHECK(fixture.take_out(commit, "out").failed.empty());
  CHECK(modes.found == std::map<std::string, mode_t>{{"0644", 0644}, {"0444", 0444}, {"0640", 0600}, {"0664", 0600}, {"4755", 0600},
                                                     {"large", 0600}, {"named", noted ? 0600 : 0644}});
  CHECK(snapshot_of(fixture.scratch().path("out")) == fixture.files());
}

TEST_CASE("damaged attributes are named as damage, and the content comes out without them") {
  RestoreFixture fixture;
  fixture.write("a/f", "content");
  fixture.write("g", "more");
  fixture.set_mtime("g", 11, 1);
  const ObjectId commit = fixture.snapshot().id;
  const Snapshot files = fixture.files();
  fixture.write("b", "another name");
  const Commit other = read_commit(fixture.open().objects(), fixture.snapshot().id);
  ObjectId lost = *other.attributes;
  lost.bytes[0] ^= std::byte{1};
  int n = 0;
  for (const ObjectId& attributes : {lost, *other.attributes}) {
    const std::string out = "out" + std::to_string(n++);
    const CheckoutResult result = fixture.take_out(fixture.with_attributes(commit, attributes), out);
    CAPTURE(out);
    CHECK(result.damaged);
    REQUIRE(result.failed.size() == 1);
    CHECK(result.failed.front().path == ".");
    CHECK(fixture.files_out(out) == files);
    CHECK(fixture.look(out + "/g").st_mtim.tv_sec != 11);
  }
}

TEST_CASE("restore takes the attributes of the index, where it was told of them") {
  RestoreFixture fixture;
  fixture.write("f", "content");
  fixture.set_mtime("f", 11, 1);
  fixture.snapshot();
  fixture.set_mtime("f", 12, 2);
  fixture.add_all();
  fixture.write("f", "modified");
  const auto put_back = [&] {
    Workspace workspace = fixture.open();
    PutBackOptions options;
    options.paths = {"f"};
    restore(workspace, options);
  };
  put_back();
  CHECK(fixture.look("work/f").st_mtim.tv_sec == 12);
  CHECK(fixture.status_lines() == "");
  fixture.settings.metadata = {.times = false, .owners = false, .xattrs = false, .acls = false, .hardlinks = false};
  fixture.write("f", "new");
  fixture.add_all();
  fixture.remove("f");
  put_back();
  CHECK(fixture.look("work/f").st_mtim.tv_sec > 12);
  CHECK(fixture.status_lines() == "M  f");
}

TEST_CASE("undo takes the attributes of the commit for what is as committed, and for nothing else") {
  RestoreFixture fixture;
  fixture.write("a", "content");
  fixture.link("a", "b");
  fixture.write("c", "committed");
  for (const char* name : {"a", "c"}) fixture.set_mtime(name, 11, 1);
  fixture.snapshot();
  // Staged since: another file than the link's first.
  fixture.remove("a");
  fixture.write("a", "staged");
  fixture.write("c", "staged");
  fixture.settle();
  fixture.add_all();
  {
    Workspace workspace = fixture.open();
    RemoveOptions options;
    options.paths = {"a", "b", "c"};
    options.force = true;
    remove_paths(workspace, options);
  }
  {
    Workspace workspace = fixture.open();
    undo(workspace, {});
  }
  CHECK(fixture.look("work/b").st_mtim.tv_sec == 11);
  CHECK(fixture.look("work/c").st_mtim.tv_sec != 11);
  CHECK(fixture.scratch().read("work/a") == "staged");
  CHECK(fixture.scratch().read("work/b") == "content");
  CHECK(fixture.status_lines().find("c") != std::string::npos);
}

TEST_CASE("times come back to the nanosecond, of directories after everything in them") {
  RestoreFixture fixture;
  fixture.write("d/e/f", "content");
  fixture.make_symlink("d/l", "e");
  fixture.set_mtime("d/e/f", 11, 1);
  fixture.set_mtime("d/l", 12, 2);
  fixture.set_mtime("d/e", 13, 3);
  fixture.set_mtime("d", 14, 999'999'999);
  fixture.take_out(fixture.snapshot().id);
  const auto time_is = [&](const std::string& name, std::int64_t seconds, long ns) {
    const struct stat info = fixture.look(name);
    return info.st_mtim.tv_sec == seconds && info.st_mtim.tv_nsec == ns;
  };
  CHECK(time_is("out/d/e/f", 11, 1));
  CHECK(time_is("out/d/l", 12, 2));
  CHECK(time_is("out/d/e", 13, 3));
  CHECK(time_is("out/d", 14, 999'999'999));
}

TEST_CASE("files that are kept get the recorded attributes, too") {
  RestoreFixture fixture;
  fixture.write("f", "content");
  fixture.set_mtime("f", 11, 1);
  const ObjectId commit = fixture.snapshot().id;
  fixture.scratch().write("out/f", "content");
  CHECK(fixture.take_out(commit).kept == 1);
  CHECK(fixture.look("out/f").st_mtim.tv_sec == 11);
}

TEST_CASE("hard links come back as links, and one without the others as a file") {
  RestoreFixture fixture;
  fixture.write("a/first", noise(20'000, 1));
  fixture.link("a/first", "b");
  fixture.link("a/first", "c");
  const ObjectId commit = fixture.snapshot().id;
  fixture.take_out(commit);
  CHECK(fixture.look("out/b").st_ino == fixture.look("out/a/first").st_ino);
  CHECK(fixture.look("out/c").st_nlink == 3);
  CheckoutOptions only;
  only.paths = {"b"};
  fixture.take_out(commit, "one", only);
  CHECK(fixture.look("one/b").st_nlink == 1);
  CheckoutOptions later_two;
  later_two.paths = {"b", "c"};
  fixture.take_out(commit, "two", later_two);
  CHECK(fixture.look("two/b").st_size == 20'000);

  // In place one name is gone: it becomes a link of the others, which nobody touched.
  fixture.settle();
  fixture.add_all();
  fixture.remove("c");
  fixture.take_paths(commit, {"c"});
  CHECK(fixture.look("work/c").st_ino == fixture.look("work/a/first").st_ino);
  CHECK(fixture.status_lines() == "");
}

TEST_CASE("holes come back in a file that had some, whatever its size; any other is written whole") {
  RestoreFixture fixture;
  write_sparse(fixture.path("large"), 4u << 20, {{1u << 20, "data"}});
  write_sparse(fixture.path("small"), 12'288, {{0, "data"}});
  fixture.settings.core.inline_threshold = 64 << 10;
  fixture.write("whole", std::string(1u << 20, '\0'));
  fixture.take_out(fixture.snapshot().id);
  CHECK(fixture.look("out/large").st_blocks * 512 <= 8192);
  CHECK(fixture.look("out/small").st_blocks * 512 <= 4096);
  CHECK(fixture.look("out/whole").st_blocks * 512 >= 1 << 20);
  CHECK(fixture.files_out() == fixture.files());
}

TEST_CASE("an owner that could not be set is counted, and is in the next commit all the same") {
  RestoreFixture fixture;
  fixture.write("f", "content");
  if (::chown(fixture.path("f").c_str(), 4321, 8765) != 0) return;  // only root can give a file away
  fixture.chmod("f", 04755);
  const ObjectId commit = fixture.snapshot().id;
  fixture.remove("f");
  fixture.env.root = false;
  const CheckoutResult result = fixture.take_paths(commit, {"f"});
  CHECK(result.not_restored.owner == 1);
  CHECK(result.not_restored.setid == 1);
  CHECK(result.failed.empty());
  CHECK((fixture.look("work/f").st_mode & 07777) == 0755);
  CHECK(fixture.status_lines() == "");
  fixture.add_all();
  CHECK(fixture.status_lines() == "");
  const IndexMetadata metadata = decode_index_metadata(fixture.staged("f")->metadata);
  REQUIRE(metadata.attributes.owner);
  CHECK(metadata.attributes.owner->uid == 4321);
  CHECK(fixture.staged("f")->mode == 04755);

  // Somebody else's owner is news.
  REQUIRE(::chown(fixture.path("f").c_str(), 1111, 2222) == 0);
  fixture.add_all();
  CHECK(decode_index_metadata(fixture.staged("f")->metadata).attributes.owner->uid == 1111);

  fixture.env.root = true;
  CHECK(fixture.take_out(commit).not_restored.owner == 0);
  CHECK(fixture.look("out/f").st_uid == 4321);
  CHECK((fixture.look("out/f").st_mode & 07777) == 04755);
}
