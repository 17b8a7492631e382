#include "base/fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "base/file_system.h"
#include "support/scratch.h"

using namespace store;
using test::Scratch;

namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("a descriptor is closed once, by its last owner") {
  const Scratch scratch;
  scratch.write("f", "x");
  UniqueFd first = open_readonly(scratch.dirfd(), "f");
  const int number = first.get();
  UniqueFd second(std::move(first));
  CHECK_FALSE(static_cast<bool>(first));
  CHECK(is_open(number));
  UniqueFd third;
  third = std::move(second);
  CHECK(third.get() == number);
  third.reset();
  CHECK_FALSE(is_open(number));
}

TEST_CASE("read_file returns the whole file, nothing for a missing one, and refuses one over the limit") {
  const Scratch scratch;
  const std::string content(5000, 'x');
  scratch.write("f", content);
  const std::optional<Bytes> bytes = read_file(scratch.dirfd(), "f", content.size());
  REQUIRE(bytes);
  CHECK(as_text(*bytes) == content);
  CHECK_FALSE(read_file(scratch.dirfd(), "missing", 10));
  CHECK_FALSE(read_file(scratch.dirfd(), "f/below-a-file", 10));
  try {
    read_file(scratch.dirfd(), "f", content.size() - 1);
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::corrupt);
    CHECK(error.message() == "f: size 5000 exceeds limit 4999");
  }
}

TEST_CASE("read_file does not wait for a writer of a fifo") {
  const Scratch scratch;
  posix_file_system().mknod({scratch.dirfd(), "fifo"}, S_IFIFO | 0600, 0);
  const std::optional<Bytes> bytes = read_file(scratch.dirfd(), "fifo", 10);
  REQUIRE(bytes);
  CHECK(bytes->empty());
}

TEST_CASE("pread_full stops only at the end of the file") {
  const Scratch scratch;
  scratch.write("f", "0123456789");
  const UniqueFd fd = open_readonly(scratch.dirfd(), "f");
  Bytes out(4);
  CHECK(pread_full(fd.get(), out, 3, "f") == 4);
  CHECK(as_text(out) == "3456");
  CHECK(pread_full(fd.get(), out, 8, "f") == 2);
  CHECK(pread_full(fd.get(), out, 10, "f") == 0);
}

TEST_CASE("read_full joins what a pipe delivers in pieces") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  UniqueFd reader(ends[0]), writer(ends[1]);
  std::size_t written = 0;
  std::thread producer([&] {
    for (int i = 0; i < 100; ++i) written += ::write(writer.get(), "abc", 3) == 3 ? 3 : 0;
    writer.reset();
  });
  Bytes out(1000);
  const std::size_t got = read_full(reader.get(), out, "pipe");
  producer.join();
  CHECK(got == 300);
  CHECK(written == 300);
}

TEST_CASE("open and stat tell a missing name from a refusal") {
  const Scratch scratch;
  scratch.make_symlink("loop", "loop");
  CHECK_FALSE(open_if_exists(scratch.dirfd(), "missing"));
  CHECK_FALSE(stat_at(scratch.dirfd(), "missing"));
  CHECK_THROWS_AS(open_readonly(scratch.dirfd(), "missing"), Error);
  CHECK_THROWS_AS(open_if_exists(scratch.dirfd(), "loop"), Error);
  CHECK(S_ISLNK(stat_at(scratch.dirfd(), "loop")->st_mode));
}

TEST_CASE("a mapping shows the file, moves, and may be empty") {
  const Scratch scratch;
  scratch.write("f", "mapped");
  const UniqueFd fd = open_readonly(scratch.dirfd(), "f");
  MappedFile map(fd.get(), 6, "f");
  CHECK(as_text(map.view()) == "mapped");
  MappedFile moved(std::move(map));
  CHECK(as_text(moved.view()) == "mapped");
  CHECK(map.view().empty());
  map = std::move(moved);
  CHECK(as_text(map.view()) == "mapped");
  CHECK(MappedFile(fd.get(), 0, "f").view().empty());
}
