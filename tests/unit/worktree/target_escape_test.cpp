#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/path.h"
#include "support/scratch.h"
#include "worktree/target.h"

using namespace store;
using test::Scratch;
using Replace = TargetTree::File::Replace;

namespace {

/// Every way of changing something at `path`; errors are what a hostile tree deserves. Returns how many
/// succeeded.
int do_everything(const TargetTree& target, const std::string& path) {
  int succeeded = 0;
  const auto attempt = [&](auto step) {
    try {
      step();
      ++succeeded;
    } catch (const Error&) {
    }
  };
  attempt([&] { target.make_directory(path + "/made"); });
  attempt([&] { target.set_directory_mode(path, 0711); });
  attempt([&] {
    TargetTree::File file = target.create_file(path + "/file");
    file.write(as_bytes("x"), 0);
    file.commit(1, 0644, Replace::yes);
  });
  attempt([&] {
    const UniqueFd directory = target.open_directory(path);
    target.write_small_file(directory.get(), "small", as_bytes("x"), 0644, Replace::yes);
  });
  attempt([&] { target.make_symlink(path + "/link", "x", Replace::yes); });
  attempt([&] { target.make_node(path + "/fifo", EntryKind::fifo, 0644, 0, Replace::yes); });
  attempt([&] { target.remove_file(path + "/precious"); });
  attempt([&] { target.remove_directory(path + "/kept"); });
  return succeeded;
}

struct Outside {
  Outside() {
    scratch.make_tree({{"precious", "x"}, {"kept/", "", 0755}});
    REQUIRE(::chmod(scratch.path().c_str(), 0755) == 0);
  }
  void check_untouched() const {
    CHECK(scratch.list() == std::vector<std::string>{"kept", "precious"});
    CHECK((stat_fd(scratch.dirfd(), "outside").st_mode & 07777) == 0755);
  }
  Scratch scratch;
};

}  // namespace

TEST_CASE(
    "nothing is changed through a symlink, absolute or relative, at the end of the parents or among them") {
  const Outside outside;
  const Scratch scratch;
  scratch.make_tree({{"inside/deep/"}});
  const TargetTree target(posix_file_system(), scratch.path());
  scratch.make_symlink("absolute", outside.scratch.path());
  scratch.make_symlink("relative", "../" + std::string(base_name(outside.scratch.path())));
  scratch.make_symlink("above", outside.scratch.path() + "/..");
  scratch.make_symlink("same", "inside");
  const std::string above = "above/" + std::string(base_name(outside.scratch.path()));
  for (const std::string& path : {std::string("absolute"), std::string("relative"), above,
                                  std::string("same"), std::string("same/deep")}) {
    CAPTURE(path);
    CHECK(do_everything(target, path) == 0);
  }
  outside.check_untouched();
  CHECK(scratch.list() ==
        std::vector<std::string>{"above", "absolute", "inside", "inside/deep", "relative", "same"});
  CHECK(do_everything(target, "inside/deep") == 8);
}

TEST_CASE("paths that climb or are absolute are refused") {
  const Outside outside;
  const Scratch scratch;
  scratch.make_directory("d");
  const TargetTree target(posix_file_system(), scratch.path());
  const std::string name(base_name(outside.scratch.path()));
  for (const std::string& path :
       {"../" + name, "d/../../" + name, outside.scratch.path(), std::string("..")}) {
    CAPTURE(path);
    CHECK(do_everything(target, path) == 0);
  }
  for (const std::string name_in_d : {"..", ".", "", "a/b", "../x"})
    CHECK_THROWS_AS(target.write_small_file(scratch.dirfd(), name_in_d, as_bytes("x"), 0644, Replace::no), Error);
  CHECK_THROWS_AS(target.make_directory("d/.."), Error);
  CHECK_THROWS_AS(target.make_symlink("d/link", std::string("a\0b", 3), Replace::no), Error);
  outside.check_untouched();
}

TEST_CASE("a directory that is exchanged for a link all the time never lets anything out") {
  const Outside outside;
  const Scratch scratch;
  scratch.make_tree({{"d/kept/", "", 0755}});
  scratch.make_symlink("swap", outside.scratch.path());
  const TargetTree target(posix_file_system(), scratch.path());
  std::atomic<bool> stop{false};
  std::thread swapping([&] {
    while (!stop)
      ::syscall(SYS_renameat2, scratch.dirfd(), "d", scratch.dirfd(), "swap", 2U /* RENAME_EXCHANGE */);
  });
  int succeeded = 0;
  int refused = 0;
  for (int i = 0; i < 300 || ((succeeded == 0 || refused == 0) && i < 100'000); ++i) {
    const int count = do_everything(target, "d");
    succeeded += count > 0;
    refused += count < 8;
  }
  stop = true;
  swapping.join();
  CHECK(succeeded > 0);
  CHECK(refused > 0);
  outside.check_untouched();
}
