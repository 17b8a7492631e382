#include "worktree/target.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "base/error.h"
#include "support/fault_file_system.h"
#include "support/scratch.h"
#include "worktree/scanner.h"

using namespace store;
using test::FaultFileSystem;
using test::FileCall;
using test::Scratch;
using Replace = TargetTree::File::Replace;

namespace {

/// The umask of the whole process, put back at the end.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

struct stat stat_of(const Scratch& scratch, const std::string& name) {
  const std::optional<struct stat> info = stat_at(scratch.dirfd(), name);
  REQUIRE(info);
  return *info;
}
mode_t mode_of(const Scratch& scratch, const std::string& name) {
  return stat_of(scratch, name).st_mode & 07777;
}

StatKey key_now(const Scratch& scratch, const std::string& name) {
  return scan_one(scratch.dirfd(), name)->stat;
}

std::string link_target(const Scratch& scratch, const std::string& name) {
  char buffer[4096];
  const ssize_t size = ::readlinkat(scratch.dirfd(), name.c_str(), buffer, sizeof buffer);
  return size < 0 ? "(no link)" : std::string(buffer, static_cast<std::size_t>(size));
}

template <typename Call>
ErrorKind kind_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::no;
}

StatKey write_file(const TargetTree& target, const std::string& path, std::string_view content,
                   std::uint16_t mode, Replace replace) {
  TargetTree::File file = target.create_file(path);
  file.reserve(content.size());
  file.write(as_bytes(content), 0);
  return file.commit(content.size(), mode, replace);
}

}  // namespace

TEST_CASE("files, directories, links and fifos get their exact modes under any umask") {
  for (const mode_t mask : {0U, 022U, 077U, 0777U}) {
    CAPTURE(mask);
    const Scratch scratch;
    const TargetTree target(posix_file_system(), scratch.path());
    const Umask umask(mask);
    CHECK(target.make_directory("d"));
    CHECK(target.make_directory("d/e"));
    if (::geteuid() == 0) CHECK(mode_of(scratch, "d") == (0700 & ~mask));
    if (mask == 0777) target.set_directory_mode("d", 0700);
    if (mask == 0777) target.set_directory_mode("d/e", 0700);
    const UniqueFd directory = target.open_directory("d");
    for (const int bits : {0, 0400, 0644, 0666, 0755, 04755, 02711, 01777}) {
      const auto mode = static_cast<std::uint16_t>(bits);
      const std::string name = std::to_string(mode);
      write_file(target, "d/large" + name, "content", mode, Replace::no);
      CHECK(mode_of(scratch, "d/large" + name) == mode);
      for (const Replace replace : {Replace::no, Replace::yes}) {
        const std::string small = "small" + name + (replace == Replace::yes ? "again" : "");
        const StatKey key = target.write_small_file(directory.get(), small, as_bytes("content"), mode, replace);
        CHECK(mode_of(scratch, "d/" + small) == mode);
        CHECK(key == key_now(scratch, "d/" + small));
        if (::geteuid() == 0) CHECK(scratch.read("d/" + small) == "content");
      }
      target.make_node("d/fifo" + name, EntryKind::fifo, mode, 0, Replace::no);
      CHECK(mode_of(scratch, "d/fifo" + name) == mode);
      target.set_directory_mode("d/e", mode);
      CHECK(mode_of(scratch, "d/e") == mode);
    }
  }
}

TEST_CASE("a large file has its size, its holes and the stat that commit returned") {
  const Scratch scratch;
  const TargetTree target(posix_file_system(), scratch.path());
  constexpr std::uint64_t k_size = 32 << 20;
  TargetTree::File file = target.create_file("f");
  file.write(as_bytes("end"), k_size / 2);
  CHECK_FALSE(scratch.exists("f"));
  const StatKey key = file.commit(k_size, 0600, Replace::no);
  CHECK(key.size == k_size);
  CHECK(key == key_now(scratch, "f"));
  CHECK(scan_one(scratch.dirfd(), "f")->blocks * 512 < k_size / 2);
  CHECK(scratch.list() == std::vector<std::string>{"f"});
}

TEST_CASE("space reserved beyond the size is given back with the size") {
  const Scratch scratch;
  const TargetTree target(posix_file_system(), scratch.path());
  TargetTree::File file = target.create_file("f");
  file.reserve(1 << 20);
  file.write(as_bytes("abc"), 0);
  CHECK(file.commit(2, 0644, Replace::no).size == 2);
  CHECK(scratch.read("f") == "ab");
}

TEST_CASE("threads write ranges of one file") {
  const Scratch scratch;
  const TargetTree target(posix_file_system(), scratch.path());
  TargetTree::File file = target.create_file("f");
  const auto write = [&](std::uint64_t first) {
    for (std::uint64_t at = first; at < 1000; at += 2) file.write(as_bytes(first == 0 ? "0" : "1"), at);
  };
  std::thread other(write, 1);
  write(0);
  other.join();
  file.commit(1000, 0644, Replace::no);
  std::string expected;
  while (expected.size() < 1000) expected += "01";
  CHECK(scratch.read("f") == expected);
}

TEST_CASE("only Replace::yes replaces, and then also links and fifos, never what they point to") {
  const Scratch scratch;
  scratch.make_tree({{"old", "old"}, {"victim", "victim"}});
  scratch.make_symlink("link", "victim");
  const TargetTree target(posix_file_system(), scratch.path());
  for (const std::string name : {"old", "link"}) {
    CHECK(kind_of([&] { write_file(target, name, "new", 0644, Replace::no); }) == ErrorKind::exists);
    CHECK(kind_of([&] { target.make_symlink(name, "x", Replace::no); }) == ErrorKind::exists);
    CHECK(kind_of([&] { target.make_node(name, EntryKind::fifo, 0644, 0, Replace::no); }) ==
          ErrorKind::exists);
    CHECK(kind_of([&] { target.write_small_file(scratch.dirfd(), name, as_bytes("new"), 0644, Replace::no); }) ==
          ErrorKind::exists);
  }
  CHECK(scratch.read("old") == "old");
  CHECK(link_target(scratch, "link") == "victim");

  write_file(target, "link", "new", 0644, Replace::yes);
  CHECK(scratch.read("link") == "new");
  target.make_symlink("link", "elsewhere", Replace::yes);
  CHECK(link_target(scratch, "link") == "elsewhere");
  target.write_small_file(scratch.dirfd(), "link", as_bytes("small"), 0644, Replace::yes);
  CHECK(scratch.read("link") == "small");
  target.make_node("link", EntryKind::fifo, 0644, 0, Replace::yes);
  CHECK(S_ISFIFO(stat_of(scratch, "link").st_mode));
  CHECK(scratch.read("victim") == "victim");
  CHECK(scratch.list() == std::vector<std::string>{"link", "old", "victim"});
}

TEST_CASE("a file that is not committed, or fails, leaves nothing behind") {
  const Scratch scratch;
  {
    const TargetTree target(posix_file_system(), scratch.path());
    TargetTree::File file = target.create_file("f");
    file.write(as_bytes("x"), 0);
    TargetTree::File moved = std::move(file);
    CHECK(scratch.list().size() == 1);
  }
  CHECK(scratch.list().empty());
  for (const FileCall call : {FileCall::open, FileCall::pwrite, FileCall::truncate, FileCall::chmod,
                              FileCall::rename, FileCall::mknod, FileCall::chmod_at}) {
    FaultFileSystem fs;
    const TargetTree target(fs, scratch.path());
    fs.arm({.call = call, .error = ENOSPC, .lasts = test::FaultLasts::forever});
    int failed = 0;
    const auto attempt = [&](auto step) { failed += kind_of(step) == ErrorKind::no_space; };
    attempt([&] {
      TargetTree::File file = target.create_file("f");
      file.write(as_bytes("x"), 0);
      file.commit(9, 0644, Replace::yes);
    });
    for (const Replace replace : {Replace::no, Replace::yes})
      attempt([&] {
        target.write_small_file(scratch.dirfd(), "s", as_bytes("x"), 04755, replace);
        scratch.remove("s");
      });
    attempt([&] {
      target.make_node("n", EntryKind::fifo, 0777, 0, Replace::yes);
      scratch.remove("n");
    });
    CAPTURE(name_of(call));
    CHECK(failed > 0);
    for (const std::string& name : scratch.list()) {
      CHECK(name == "f");  // of the calls that `f` does not need
      scratch.remove(name);
    }
  }
}

TEST_CASE("a file system that has no modes, or cannot make files longer, still gets its files") {
  const Scratch scratch;
  FaultFileSystem fs;
  const TargetTree target(fs, scratch.path());
  CHECK(target.keeps_modes());
  fs.arm({.call = FileCall::truncate, .error = EPERM, .lasts = test::FaultLasts::forever});
  TargetTree::File file = target.create_file("holes");
  file.write(as_bytes("x"), 0);
  file.commit(9, 0600, Replace::no);
  CHECK(scratch.read("holes") == std::string("x\0\0\0\0\0\0\0\0", 9));
  CHECK(target.keeps_modes());
  fs.arm({.call = FileCall::chmod, .error = ENOSYS, .lasts = test::FaultLasts::forever});
  target.write_small_file(scratch.dirfd(), "f", as_bytes("x"), 04755, Replace::no);
  CHECK(scratch.read("f") == "x");
  CHECK(!target.keeps_modes());
}

TEST_CASE("making a directory that is there changes nothing; something else in its place is an error") {
  const Scratch scratch;
  scratch.make_tree({{"d/", "", 0750}, {"f", "x"}});
  scratch.make_symlink("link", "d");
  const TargetTree target(posix_file_system(), scratch.path());
  CHECK_FALSE(target.make_directory(""));
  CHECK_FALSE(target.make_directory("d"));
  CHECK(mode_of(scratch, "d") == 0750);
  CHECK(kind_of([&] { target.make_directory("f"); }) == ErrorKind::exists);
  CHECK(kind_of([&] { target.make_directory("link"); }) == ErrorKind::exists);
  CHECK(kind_of([&] { target.make_directory("none/d"); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { target.open_directory("f"); }) == ErrorKind::not_found);
}

TEST_CASE("removing tells full directories apart and does not mind what is gone") {
  const Scratch scratch;
  scratch.make_tree({{"d/f", "x"}});
  const TargetTree target(posix_file_system(), scratch.path());
  CHECK_FALSE(target.remove_directory("d"));
  target.remove_file("d/f");
  target.remove_file("d/f");
  target.remove_file("d/f/below");
  CHECK(target.remove_directory("d"));
  CHECK(target.remove_directory("d"));
  CHECK(scratch.list().empty());
  target.sync();
}

TEST_CASE("a directory that its mode closes can still be finished and written to by its owner") {
  if (::geteuid() != 0) return;  // as root, another user can be played on one thread
  const Scratch scratch;
  REQUIRE(::chown(scratch.path().c_str(), 65534, 65534) == 0);
  std::thread([&] {
    ::setfsgid(65534);
    ::setfsuid(65534);
    const TargetTree target(posix_file_system(), scratch.path());
    REQUIRE(target.make_directory("d"));
    target.set_directory_mode("d", 0300);
    const UniqueFd directory = target.open_directory("d");
    target.write_small_file(directory.get(), "f", as_bytes("x"), 0, Replace::no);
    write_file(target, "d/g", "x", 0, Replace::no);
    target.set_directory_mode("d", 0);
    target.set_directory_mode("d", 0755);
  }).join();
  CHECK(mode_of(scratch, "d") == 0755);
  CHECK(mode_of(scratch, "d/f") == 0);
  CHECK(mode_of(scratch, "d/g") == 0);
}

TEST_CASE("errors name the path and are printable") {
  const Scratch scratch;
  scratch.make_directory("d");
  FaultFileSystem fs;
  const TargetTree target(fs, scratch.path());
  fs.arm({.call = FileCall::mkdir, .error = ENOSPC});
  try {
    target.make_directory("d/new\nline");
    FAIL("it was made");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::no_space);
    CHECK(error.message().find("d/new\\nline") == 0);
  }
}

TEST_CASE("the name of what is not finished is a temporary name, and nothing else is") {
  const Scratch scratch;
  const TargetTree target(posix_file_system(), scratch.path());
  const TargetTree::File file = target.create_file("f");
  REQUIRE(scratch.list().size() == 1);
  const std::string name = scratch.list().front();
  CHECK(is_temporary_name(name));
  CHECK(!is_temporary_name(name + "0"));
  CHECK(!is_temporary_name(name.substr(0, name.size() - 1)));
  CHECK(!is_temporary_name("x" + name.substr(1)));
  CHECK(!is_temporary_name(name.substr(0, name.size() - 1) + "A"));
  CHECK(!is_temporary_name(name.substr(0, name.size() - 1) + "g"));
  CHECK(!is_temporary_name(".store-tmp-"));
  CHECK(!is_temporary_name(".store-tmp-notes"));
}

TEST_CASE("where something has the next temporary name another one is taken") {
  const Scratch scratch;
  const TargetTree target(posix_file_system(), scratch.path());
  constexpr std::size_t k_digits = 16;
  std::string name;
  {
    const TargetTree::File file = target.create_file("f");
    name = scratch.list().front();
  }
  const std::size_t digits = name.size() - k_digits;
  const std::string next = name.substr(0, digits) + fmt::format("{:016x}", std::stoull(name.substr(digits), nullptr, 16) + 1);
  REQUIRE(is_temporary_name(next));
  scratch.write(next, "somebody's");
  write_file(target, "f", "content", 0644, Replace::no);
  CHECK(scratch.read("f") == "content");
  CHECK(scratch.read(next) == "somebody's");
}
