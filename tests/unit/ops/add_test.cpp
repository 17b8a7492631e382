#include "ops/add.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "base/error.h"
#include "pipeline/content_id.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

/// Runs `body` in a process of an ordinary user, to whom the work tree belongs. True if it ended well.
bool as_ordinary_user(const WorkFixture& fixture, const std::function<void()>& body) {
  constexpr uid_t k_nobody = 65534;
  if (::geteuid() == 0) {
    const std::string command =
        fmt::format("chown -R {0}:{0} '{1}' && chmod a+rx '{1}'", k_nobody, fixture.scratch().path());
    REQUIRE(std::system(command.c_str()) == 0);
  }
  ChildProcess child([&] {
    if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setgid(k_nobody) != 0 || ::setuid(k_nobody) != 0))
      ::_exit(2);
    body();
  });
  return child.succeeds();
}

/// In a child process doctest cannot report: a failed expectation ends it.
void expect(bool holds) {
  if (!holds) ::_exit(3);
}

std::vector<std::string> paths_of(const std::vector<PathFailure>& failures) {
  std::vector<std::string> paths;
  for (const PathFailure& failure : failures) paths.push_back(failure.path);
  return paths;
}

}  // namespace

TEST_CASE("unchanged files are neither read nor staged again, in one stat each") {
  WorkFixture fixture;
  for (int i = 0; i < 50; ++i) fixture.write(fmt::format("d{}/f{}", i % 5, i), noise(200, static_cast<std::uint64_t>(i)));
  fixture.write("large", noise(30'000, 99));
  fixture.settle();
  const IngestTotals first = fixture.add_all().totals;
  CHECK(first.cache_hits == 0);
  CHECK(first.cache_misses == 51);
  CHECK(first.unchanged_files == 0);
  const IngestTotals second = fixture.add_all().totals;
  CHECK(second.cache_hits == 51);
  CHECK(second.cache_misses == 0);
  CHECK(second.unchanged_files == 51);
  CHECK(second.files == first.files);
  CHECK(second.bytes == first.bytes);
  CHECK(second.chunks == first.chunks);
  CHECK(second.directories == first.directories);
  CHECK(second.new_chunks == 0);
  CHECK(second.stored_bytes == 0);
  CHECK(second.mapped_bytes + second.streamed_bytes == 0);
}

TEST_CASE("a racy entry is read once more, then settled") {
  WorkFixture fixture;
  fixture.write("f", "content");
  fixture.add_all();
  // Whether the first add was fast enough to find it racy is up to the clock; what follows is not.
  if (!fixture.staged("f")->racy) return;
  fixture.settle();
  const IngestTotals second = fixture.add_all().totals;
  CHECK(second.cache_misses == 1);
  CHECK(second.unchanged_files == 1);
  CHECK(!fixture.staged("f")->racy);
  CHECK(fixture.add_all().totals.cache_hits == 1);
}

TEST_CASE("a change right after an add, of the same size and within the clock's tick, is seen") {
  WorkFixture fixture;
  for (int i = 0; i < 20; ++i) {
    fixture.write("f", fmt::format("content {:04}", i));
    fixture.add_all();
    fixture.write("f", fmt::format("CONTENT {:04}", i));
    fixture.add_all();
    const ObjectId id = fixture.staged("f")->id;
    CHECK(id == content_id(fixture.open().worktree_fd(), "f", {}, 4096).id);
  }
}

TEST_CASE("touched but equal files are read, store nothing and leave the trees as they are") {
  WorkFixture fixture;
  for (int i = 0; i < 30; ++i) fixture.write(fmt::format("d{}/f{}", i % 5, i), noise(300, static_cast<std::uint64_t>(i)));
  fixture.settle();
  fixture.snapshot();
  const ObjectId tree = fixture.staged("d1")->id;
  REQUIRE(!tree.is_zero());
  const std::size_t trees = fixture.count_objects(ObjectType::tree);
  for (int i = 0; i < 30; ++i) fixture.write(fmt::format("d{}/f{}", i % 5, i), noise(300, static_cast<std::uint64_t>(i)));
  fixture.settle();
  const IngestTotals touched = fixture.add_all().totals;
  CHECK(touched.cache_misses == 30);
  CHECK(touched.unchanged_files == 30);
  CHECK(touched.new_chunks == 0);
  CHECK(touched.stored_bytes == 0);
  CHECK(fixture.staged("d1")->id == tree);
  CHECK(!fixture.staged("")->id.is_zero());
  CHECK(fixture.add_all().totals.cache_hits == 30);
  CHECK(!fixture.commit().committed);
  CHECK(fixture.count_objects(ObjectType::tree) == trees);
}

TEST_CASE("a change marks the directories above it, and only those") {
  WorkFixture fixture;
  fixture.write("a/b/c/f", "1");
  fixture.write("a/x/f", "1");
  fixture.write("z/f", "1");
  fixture.snapshot();
  fixture.write("a/b/c/f", "22");
  fixture.add_all();
  for (const std::string dirty : {"", "a", "a/b", "a/b/c"}) CHECK(fixture.staged(dirty)->id.is_zero());
  for (const std::string clean : {"a/x", "z"}) CHECK(!fixture.staged(clean)->id.is_zero());
}

TEST_CASE("files, directories and links take each other's place") {
  WorkFixture fixture;
  const std::vector<std::string> kinds{"file", "directory", "link", "large"};
  const auto make = [&](const std::string& name, const std::string& kind) {
    fixture.remove(name);
    if (kind == "file") fixture.write(name, "content");
    else if (kind == "large") fixture.write(name, noise(20'000, 3));
    else if (kind == "link") fixture.make_symlink(name, "target");
    else fixture.write(name + "/below/f", name);
  };
  for (const std::string& from : kinds)
    for (const std::string& to : kinds) make(from + "-" + to, from);
  fixture.snapshot();
  for (const std::string& from : kinds)
    for (const std::string& to : kinds) make(from + "-" + to, to);
  const AddResult result = fixture.add_all();
  CHECK(result.failed.empty());
  const ObjectId tree = fixture.commit().tree;
  // The same tree staged from nothing.
  fixture.start_over();
  CHECK(fixture.snapshot().tree == tree);
}

TEST_CASE("what is gone is staged as deleted, below the paths only") {
  WorkFixture fixture;
  fixture.write("a/1", "1");
  fixture.write("a/2", "2");
  fixture.write("b/1", "1");
  fixture.snapshot();
  fixture.remove("a/1");
  fixture.remove("b");
  const AddResult below = fixture.add_paths({"a"});
  CHECK(below.deleted == 1);
  CHECK(!fixture.staged("a/1"));
  CHECK(fixture.staged("a/2"));
  CHECK(fixture.staged("b/1"));
  CHECK(fixture.add_paths({"b"}).deleted == 1);  // the directory shows by what was in it
  CHECK(!fixture.staged("b"));
}

TEST_CASE("a path that is neither on disk nor tracked stages nothing at all") {
  WorkFixture fixture;
  fixture.write("a", "1");
  CHECK(kind_of([&] { fixture.add_paths({"a", "missing"}); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { fixture.add_paths({"a", "no*match"}); }) == ErrorKind::not_found);
  CHECK(!fixture.staged("a"));
  AddOptions listed;
  listed.paths = {"a", "missing"};
  listed.paths_from_file = true;
  CHECK(paths_of(fixture.add(listed).failed) == std::vector<std::string>{"missing"});
  CHECK(fixture.staged("a"));
}

TEST_CASE("a path below untracked directories stages the directories too") {
  WorkFixture fixture;
  fixture.write("x/y/z/f", "1");
  fixture.write("x/y/other", "1");
  fixture.chmod("x/y", 0700);
  fixture.add_paths({"x/y/z/f"});
  REQUIRE(fixture.staged("x/y"));
  CHECK(fixture.staged("x/y")->mode == 0700);
  CHECK(fixture.staged("x")->kind == EntryKind::directory);
  CHECK(!fixture.staged("x/y/other"));
}

TEST_CASE("globs match across slashes, and literally where a file has that name") {
  WorkFixture fixture;
  fixture.write("a/one.txt", "1");
  fixture.write("a/b/two.txt", "2");
  fixture.write("a/three.c", "3");
  fixture.write("a/[x]", "4");
  fixture.add_paths({"*.txt"});
  CHECK(fixture.staged("a/one.txt"));
  CHECK(fixture.staged("a/b/two.txt"));
  CHECK(!fixture.staged("a/three.c"));
  fixture.add_paths({"a/[x]"});
  CHECK(fixture.staged("a/[x]"));
}

TEST_CASE("-u stages tracked paths only, -A everything") {
  WorkFixture fixture;
  fixture.write("tracked", "1");
  fixture.write("gone", "1");
  fixture.snapshot();
  fixture.write("tracked", "22");
  fixture.remove("gone");
  fixture.write("untracked/f", "1");
  AddOptions update;
  update.update = true;
  const AddResult result = fixture.add(update);
  CHECK(result.deleted == 1);
  CHECK(fixture.staged("tracked")->size == 2);
  CHECK(!fixture.staged("untracked"));
  CHECK(!fixture.staged("untracked/f"));
  fixture.add_all();
  CHECK(fixture.staged("untracked/f"));
}

TEST_CASE("exclusions hide untracked paths and never tracked ones") {
  WorkFixture fixture;
  fixture.write("kept.log", "1");
  fixture.add_all();
  fixture.write("kept.log", "22");
  fixture.write("new.log", "1");
  fixture.write("build/out", "1");
  fixture.write("big", std::string(5000, 'x'));
  fixture.write("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
  fixture.write("cache/x", "1");
  fixture.write("small", "1");
  AddOptions options;
  options.all = true;
  options.exclude = {"*.log", "build/"};
  options.exclude_larger_than = 4999;
  options.exclude_caches = true;
  fixture.add(options);
  CHECK(fixture.staged("kept.log")->size == 2);
  CHECK(fixture.staged("small"));
  for (const std::string hidden : {"new.log", "build", "build/out", "big", "cache/x"}) {
    CAPTURE(hidden);
    CHECK(!fixture.staged(hidden));
  }
}

TEST_CASE("an unreadable file is named and keeps its place in the index; the rest is added") {
  WorkFixture fixture;
  fixture.write("closed/f", "1");
  fixture.write("unreadable", "1");
  fixture.write("large", noise(20'000, 1));
  fixture.write("fine", "1");
  fixture.settle();
  fixture.snapshot();
  const ObjectId before = fixture.staged("unreadable")->id;
  const ObjectId large = fixture.staged("large")->id;
  fixture.write("unreadable", "changed", 0000);
  fixture.write("large", noise(20'001, 2), 0000);
  fixture.write("fine", "changed");
  fixture.write("new and unreadable", "x", 0000);
  fixture.write("closed/f", "changed");
  fixture.chmod("closed", 0000);
  CHECK(as_ordinary_user(fixture, [&] {
    for (const unsigned threads : {1u, 2u}) {
      fixture.settings.performance.max_worker_threads = threads;
      const AddResult result = fixture.add_all();
      std::vector<std::string> failed = paths_of(result.failed);
      std::sort(failed.begin(), failed.end());
      expect(failed == std::vector<std::string>{"closed", "large", "new and unreadable", "unreadable"});
      expect(result.deleted == 0);
    }
  }));
  fixture.chmod("closed", 0755);
  CHECK(fixture.staged("unreadable")->id == before);
  CHECK(fixture.staged("large")->id == large);
  CHECK(fixture.staged("closed/f"));
  CHECK(!fixture.staged("new and unreadable"));
  CHECK(fixture.staged("fine")->size == 7);
  CHECK(describe(fixture.fsck()) == "");
}

TEST_CASE("sockets and repositories of other names are skipped with a warning") {
  WorkFixture fixture;
  fixture.write("d/.STORE/x", "1");
  fixture.write("d/.store", "a file of that name");
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fixture.path("s");
  REQUIRE(path.size() < sizeof address.sun_path);
  std::copy(path.begin(), path.end(), address.sun_path);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(socket);
  const AddResult result = fixture.add_all();
  CHECK(result.failed.empty());
  CHECK(!fixture.staged("s"));
  CHECK(!fixture.staged("d/.STORE"));
  CHECK(!fixture.staged("d/.store"));
  CHECK(fixture.staged("d"));
  CHECK(fixture.warnings.size() == 3);
  CHECK(kind_of([&] { fixture.add_paths({"d/.store"}); }) == ErrorKind::usage);
  CHECK(kind_of([&] { fixture.add_paths({".store/config"}); }) == ErrorKind::usage);
}

TEST_CASE("names of any bytes are added") {
  WorkFixture fixture;
  const std::vector<std::string> names{std::string(255, 'n'), "new\nline", "\xff\xfe", "-dash", "[a,b]", " ", "a\\b", "a*"};
  for (const std::string& name : names) fixture.write(name, name);
  CHECK(fixture.add_all().failed.empty());
  for (const std::string& name : names) CHECK(fixture.staged(name));
  CHECK(fixture.commit().totals.files == names.size());
  CHECK(lines_of(fixture.status()).empty());
}

TEST_CASE("the index lock is waited for, and its holder is named") {
  WorkFixture fixture;
  fixture.write("a", "1");
  const Workspace holder = fixture.open();
  const Lock lock = holder.repository().locks().acquire(LockName::index, LockMode::exclusive, {});
  CHECK(kind_of([&] { fixture.add_all(); }) == ErrorKind::locked);
  CHECK(kind_of([&] { fixture.commit(); }) == ErrorKind::locked);
}
