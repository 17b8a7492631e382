#include "base/file_system.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "base/error.h"
#include "support/fault_file_system.h"
#include "support/scratch.h"

using namespace store;
using test::FaultAction;
using test::FaultFileSystem;
using test::FaultLasts;
using test::FileCall;
using test::Scratch;

namespace {

using Names = std::vector<std::string>;

template <typename Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  return Error(ErrorKind::bug, "");
}

}  // namespace

TEST_CASE("replace_file creates and replaces a file and leaves nothing beside it") {
  const Scratch scratch;
  replace_file(posix_file_system(), scratch.dirfd(), "name", as_bytes("one"), SyncDirectory::yes);
  CHECK(scratch.read("name") == "one");
  replace_file(posix_file_system(), scratch.dirfd(), "name", as_bytes(""), SyncDirectory::no);
  CHECK(scratch.read("name") == "");
  CHECK(scratch.list() == Names{"name"});
}

TEST_CASE("replace_file syncs the file before the rename and the directory after it") {
  const Scratch scratch;
  scratch.make_directory("d");
  FaultFileSystem fs;
  replace_file(fs, scratch.dirfd(), "d/name", as_bytes("x"), SyncDirectory::no);
  CHECK(fs.count(FileCall::fsync) == 1);
  CHECK(fs.count(FileCall::rename) == 1);
  replace_file(fs, scratch.dirfd(), "d/name", as_bytes("x"), SyncDirectory::yes);
  CHECK(fs.count(FileCall::fsync) == 3);
  fs.arm({.call = FileCall::fsync, .nth = 2});
  CHECK_THROWS_AS(replace_file(fs, scratch.dirfd(), "d/name", as_bytes("new"), SyncDirectory::yes), Error);
  CHECK(scratch.read("d/name") == "new");  // the second sync is the directory's, after the rename
  CHECK(scratch.list() == Names{"d", "d/name"});
}

TEST_CASE("replace_file keeps the old file and leaves no temporary wherever one call fails") {
  const Scratch scratch;
  scratch.write("name", "old");
  FaultFileSystem fs;
  std::uint64_t failed = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    fs.arm({.nth = nth, .error = ENOSPC, .bytes_before = 2});
    try {
      replace_file(fs, scratch.dirfd(), "name", as_bytes("new"), SyncDirectory::no);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::no_space);
      CHECK(scratch.read("name") == "old");
    }
    CHECK(scratch.list() == Names{"name"});
    if (fs.faults() == 0) break;
    ++failed;
  }
  CHECK(failed == 4);  // open, pwrite, fsync, rename
  CHECK(scratch.read("name") == "new");
}

TEST_CASE("replace_file reports the first error even if its clean-up fails as well") {
  const Scratch scratch;
  FaultFileSystem fs;
  fs.arm({.nth = 2, .error = EIO, .lasts = FaultLasts::forever});
  const Error error =
      error_of([&] { replace_file(fs, scratch.dirfd(), "name", as_bytes("x"), SyncDirectory::no); });
  CHECK(error.message().find("pwrite") != std::string::npos);
  CHECK(fs.faults() == 2);
  CHECK_FALSE(scratch.exists("name"));
}

TEST_CASE("replace_file is not stopped by temporaries of a process that died") {
  const Scratch scratch;
  FaultFileSystem fs;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      fs.arm({.call = FileCall::rename, .action = FaultAction::kill});
      replace_file(fs, scratch.dirfd(), "name", as_bytes("x"), SyncDirectory::no);
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL);
  }
  CHECK(scratch.list().size() == 3);
  CHECK_FALSE(scratch.exists("name"));
  replace_file(posix_file_system(), scratch.dirfd(), "name", as_bytes("x"), SyncDirectory::no);
  CHECK(scratch.read("name") == "x");
}

TEST_CASE("rename_new refuses to replace and keeps both files") {
  const Scratch scratch;
  scratch.make_tree({{.path = "a", .content = "A"}, {.path = "b", .content = "B"}});
  FileSystem& fs = posix_file_system();
  const At a{scratch.dirfd(), "a"}, b{scratch.dirfd(), "b"}, c{scratch.dirfd(), "c"};
  CHECK(error_of([&] { fs.rename_new(a, b); }).kind() == ErrorKind::exists);
  CHECK(scratch.read("b") == "B");
  fs.rename_new(a, c);
  CHECK(scratch.list() == Names{"b", "c"});
}

TEST_CASE("pwrite and reserve reach any offset without changing more than asked") {
  const Scratch scratch;
  FileSystem& fs = posix_file_system();
  const UniqueFd fd = fs.open({scratch.dirfd(), "f"}, O_RDWR | O_CREAT | O_EXCL, 0600);
  CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  fs.pwrite(fd.get(), as_bytes("tail"), 4);
  fs.reserve(fd.get(), 0, 1 << 20);
  CHECK(fs.reserve(fd.get(), 0, 0));
  CHECK(scratch.read("f") == std::string("\0\0\0\0tail", 8));
  fs.truncate(fd.get(), 5);
  CHECK(scratch.read("f").size() == 5);
  fs.start_writeback(fd.get(), 0, 5);
  fs.fdatasync(fd.get());
  fs.syncfs(fd.get());
}

TEST_CASE("attributes are set on the link itself, never on its target") {
  const Scratch scratch;
  scratch.make_tree({{.path = "f", .content = "x"}, {.path = "d/"}, {.path = "l", .target = "f"}});
  FileSystem& fs = posix_file_system();
  const struct timespec times[2] = {{100, 0}, {200, 5}};
  fs.set_times_at({scratch.dirfd(), "l"}, times);
  CHECK(stat_at(scratch.dirfd(), "l")->st_mtim.tv_sec == 200);
  CHECK(stat_at(scratch.dirfd(), "l")->st_mtim.tv_nsec == 5);
  CHECK(stat_at(scratch.dirfd(), "f")->st_mtim.tv_sec != 200);
  fs.chmod_at({scratch.dirfd(), "d"}, 0700);
  CHECK((stat_at(scratch.dirfd(), "d")->st_mode & 07777) == 0700);
  CHECK_THROWS_AS(fs.chmod_at({scratch.dirfd(), "l"}, 0600), Error);
  CHECK((stat_at(scratch.dirfd(), "f")->st_mode & 07777) == 0644);
}

TEST_CASE("names are made, linked and removed, and refusals carry kind, errno and an escaped name") {
  const Scratch scratch;
  FileSystem& fs = posix_file_system();
  const int dir = scratch.dirfd();
  fs.mkdir({dir, "d"}, 0755);
  fs.symlink("nowhere", {dir, "d/s"});
  fs.mknod({dir, "d/fifo"}, S_IFIFO | 0600, 0);
  scratch.write("d/f", "x");
  fs.link({dir, "d/f"}, {dir, "d/g"});
  CHECK(scratch.list() == Names{"d", "d/f", "d/fifo", "d/g", "d/s"});
  CHECK(error_of([&] { fs.rmdir({dir, "d"}); }).errno_value() == ENOTEMPTY);
  CHECK(error_of([&] { fs.mkdir({dir, "d"}, 0755); }).kind() == ErrorKind::exists);
  const Error missing = error_of([&] { fs.unlink({dir, "no\nsuch"}); });
  CHECK(missing.kind() == ErrorKind::not_found);
  CHECK(missing.message() == "no\\nsuch: unlink: No such file or directory");
  for (const char* name : {"d/f", "d/fifo", "d/g", "d/s"}) fs.unlink({dir, name});
  fs.rmdir({dir, "d"});
  CHECK(scratch.list().empty());
}

TEST_CASE("a refusal that is about the folder itself names the path of the folder") {
  const Scratch scratch;
  const Error real = error_of([&] { posix_file_system().open({scratch.dirfd(), "."}, O_WRONLY); });
  CHECK(real.message().starts_with(scratch.path() + ": open: "));
  FaultFileSystem failing;
  failing.arm({.call = FileCall::open});
  CHECK(error_of([&] { failing.open({scratch.dirfd(), "."}, O_RDONLY, 0); }).message().starts_with(scratch.path() + ": open: "));
}

TEST_CASE("FaultFileSystem fails the call that was asked for, once or for ever") {
  const Scratch scratch;
  FaultFileSystem fs;
  const auto make = [&](const char* name) { fs.mkdir({scratch.dirfd(), name}, 0755); };
  fs.arm({.call = FileCall::mkdir, .nth = 2, .error = EROFS});
  make("a");
  CHECK(error_of([&] { make("b"); }).kind() == ErrorKind::permission);
  make("b");
  CHECK(fs.faults() == 1);
  fs.arm({.call = FileCall::mkdir, .nth = 1, .error = EROFS, .lasts = FaultLasts::forever});
  CHECK_THROWS_AS(make("c"), Error);
  CHECK_THROWS_AS(make("c"), Error);
  fs.rmdir({scratch.dirfd(), "b"});
  fs.disarm();
  make("c");
  CHECK(scratch.list() == Names{"a", "c"});
  CHECK(fs.count(FileCall::mkdir) == 6);
  CHECK(fs.total() == 7);
}
