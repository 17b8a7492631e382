#include "ops/init.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/error.h"
#include "ops/exclude.h"
#include "ops/permissions.h"
#include "support/work_fixture.h"
#include "unit/repo/child_process.h"

using namespace store;
using namespace store::test;

namespace {

class Inits {
 public:
  Inits() {
    env_.fs = &unsynced_file_system();
    env_.warn = [this](const Warning& warning) { warnings.push_back(warning.kind); };
  }
  InitResult init(const std::string& directory, std::vector<ConfigOption> options = {}, bool bare = false) {
    ConfigSources sources;
    InitOptions chosen;
    chosen.directory = scratch.path(directory);
    chosen.bare = bare;
    for (const ConfigOption& option : options) chosen.asked.push_back(option.key);
    sources.options = std::move(options);
    return store::init(env_, Config(sources), chosen);
  }

  Scratch scratch;
  std::vector<std::string> warnings;

 private:
  Environment env_;
};

}  // namespace

TEST_CASE("init makes the directory, its parents and the repository; a second one changes nothing") {
  Inits inits;
  const InitResult first = inits.init("a/b/c");
  CHECK(first.created);
  CHECK(first.path == inits.scratch.path("a/b/c/.store"));
  CHECK(is_repository(first.path));
  const std::vector<std::string> before = inits.scratch.list();
  const InitResult second = inits.init("a/b/c");
  CHECK(!second.created);
  CHECK(second.path == first.path);
  CHECK(inits.scratch.list() == before);
}

TEST_CASE("a bare repository is the directory itself") {
  Inits inits;
  CHECK(inits.init("bare", {}, true).path == inits.scratch.path("bare"));
  CHECK(is_repository(inits.scratch.path("bare")));
  CHECK(!inits.init("bare", {}, true).created);
  const InitResult again = inits.init("bare");
  CHECK(!again.created);
  CHECK(again.path == inits.scratch.path("bare"));
  CHECK(!is_repository(inits.scratch.path("bare/.store")));
}

TEST_CASE("an existing repository with other settings than asked for is a conflict") {
  Inits inits;
  const ConfigOption small{"chunking.avg", "16K", "--chunk-avg"};
  const ConfigOption large{"chunking.avg", "256K", "--chunk-avg"};
  CHECK(inits.init("r", {small}).created);
  CHECK(!inits.init("r", {small}).created);
  CHECK(!inits.init("r").created);
  CHECK(kind_of([&] { inits.init("r", {large}); }) == ErrorKind::conflict);
  CHECK(kind_of([&] { inits.init("r", {{"core.permissions", "exec", "--permissions"}}); }) == ErrorKind::conflict);
  CHECK(kind_of([&] { inits.init("r", {{"core.compression", "9", "--compression"}}); }) == ErrorKind::conflict);
}

TEST_CASE("inside another working tree it works with a warning, inside a repository folder it is refused") {
  Inits inits;
  inits.init("outer");
  CHECK(inits.warnings.empty());
  CHECK(inits.init("outer/inner").created);
  CHECK(inits.warnings == std::vector<std::string>{"nested"});
  CHECK(kind_of([&] { inits.init("outer/.store"); }) == ErrorKind::usage);
  CHECK(kind_of([&] { inits.init("outer/.store", {}, true); }) == ErrorKind::usage);
  CHECK(kind_of([&] { inits.init("outer/.store/refs/x"); }) == ErrorKind::usage);
  CHECK(kind_of([&] { inits.init("outer/.store/x", {}, true); }) == ErrorKind::usage);
}

TEST_CASE("in a git working tree one line hides the repository, with glob characters escaped, once") {
  Inits inits;
  inits.scratch.make_directory("g/.git/info");
  inits.scratch.write("g/.git/info/exclude", "*.o");
  CHECK(inits.init("g/a*b/[c]").notes.size() == 1);
  CHECK(inits.scratch.read("g/.git/info/exclude") == "*.o\n/a\\*b/\\[c\\]/.store/\n");
  inits.init("g");
  CHECK(inits.scratch.read("g/.git/info/exclude") == "*.o\n/a\\*b/\\[c\\]/.store/\n/.store/\n");
  inits.scratch.remove("g/.store");
  CHECK(inits.init("g").notes.empty());
  CHECK(inits.scratch.read("g/.git/info/exclude") == "*.o\n/a\\*b/\\[c\\]/.store/\n/.store/\n");
}

TEST_CASE("a git worktree's common directory is found through gitdir and commondir") {
  Inits inits;
  inits.scratch.make_directory("main/.git/worktrees/w");
  inits.scratch.write("main/.git/worktrees/w/commondir", "../..\n");
  inits.scratch.write("w/.git", "gitdir: " + inits.scratch.path("main/.git/worktrees/w") + "\n");
  inits.init("w/sub");
  CHECK(inits.scratch.read("main/.git/info/exclude") == "/sub/.store/\n");
}

TEST_CASE("the nearest repository upward is found, unless it is another user's") {
  Inits inits;
  inits.init("r");
  inits.scratch.make_directory("r/x/y");
  const unsigned self = ::geteuid();
  const std::string start = inits.scratch.path("r/x/y");
  CHECK(find_repository(start, {}, {}, {self}).path == inits.scratch.path("r/.store"));
  CHECK(!find_repository(start, {}, {}, {self}).bare);
  inits.scratch.write("r/x/y/format", "3.0 (quilt)\n");  // no repository for its name
  CHECK(find_repository(start, {}, {}, {self}).path == inits.scratch.path("r/.store"));
  CHECK(find_repository(inits.scratch.path("r/.store/refs"), {}, {}, {self}).path == inits.scratch.path("r/.store"));
  const std::vector<unsigned> somebody{self + 1};
  CHECK(kind_of([&] { find_repository(start, {}, {}, somebody); }) == ErrorKind::permission);
  CHECK(!find_repository(start, {}, {"*"}, somebody).path.empty());
  CHECK(!find_repository(start, {}, {inits.scratch.path("r")}, somebody).path.empty());
  CHECK(!find_repository("/", inits.scratch.path("r"), {}, somebody).path.empty());  // named is consented to
  CHECK(kind_of([&] { find_repository(inits.scratch.path(), {}, {}, {self}); }) == ErrorKind::no_repository);
  CHECK(kind_of([&] { find_repository(start, inits.scratch.path("r/x"), {}, {self}); }) == ErrorKind::no_repository);
}

TEST_CASE("the recorded mode follows the policy") {
  CHECK(recorded_mode(EntryKind::file, 06754, Permissions::full) == 06754);
  CHECK(recorded_mode(EntryKind::directory, 01777, Permissions::full) == 01777);
  for (const Permissions policy : {Permissions::full, Permissions::exec})
    CHECK(recorded_mode(EntryKind::symlink, 0000, policy) == 0777);
  CHECK(recorded_mode(EntryKind::file, 0100, Permissions::exec) == 0755);
  CHECK(recorded_mode(EntryKind::large_file, 0677, Permissions::exec) == 0644);
  CHECK(recorded_mode(EntryKind::directory, 0700, Permissions::exec) == 0755);
  CHECK(recorded_mode(EntryKind::fifo, 0777, Permissions::exec) == 0644);
  CHECK(recorded_mode(EntryKind::block_device, 0777, Permissions::exec) == 0644);
}

TEST_CASE("exclusion patterns match names, paths from the root, and directories only with a slash at the end") {
  const auto entry = [](const std::string& path, EntryKind kind = EntryKind::file) {
    ScanEntry result;
    result.path = path;
    result.kind = kind;
    return result;
  };
  CHECK(is_excluded(entry("a/b.o"), {"*.o"}));
  CHECK(!is_excluded(entry("a/b.c"), {"*.o"}));
  CHECK(is_excluded(entry("a/b"), {"a/b"}));
  CHECK(!is_excluded(entry("x/a/b"), {"a/b"}));
  CHECK(is_excluded(entry("b"), {"/b"}));
  CHECK(!is_excluded(entry("a/b"), {"/b"}));
  CHECK(is_excluded(entry("a/build", EntryKind::directory), {"build/"}));
  CHECK(!is_excluded(entry("a/build"), {"build/"}));
  CHECK(!is_excluded(entry("a"), {}));
  CHECK(!is_excluded(entry("a"), {""}));
}
