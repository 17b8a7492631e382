#include "worktree/source.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/error.h"
#include "support/random_bytes.h"
#include "support/scratch.h"

using namespace store;
using test::Scratch;

namespace {

const auto k_page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

Bytes content_of(std::size_t size) { return testing::random_bytes(size, 42); }

UniqueFd open_file(const Scratch& scratch, const std::string& name) {
  return UniqueFd(::openat(scratch.dirfd(), name.c_str(), O_RDWR | O_CLOEXEC));
}

/// Touches a page behind the end of a file in a mapping that is not the guard's.
[[noreturn]] void fault_outside_the_guard(const Scratch& scratch) {
  const UniqueFd fd = open_file(scratch, "f");
  const auto* mapped =
      static_cast<const volatile char*>(::mmap(nullptr, 4 * k_page, PROT_READ, MAP_SHARED, fd.get(), 0));
  ::_exit(mapped[3 * k_page] == 0 ? 0 : 1);
}

}  // namespace

TEST_CASE("a mapped copy gives the bytes of the window, at any offset and length") {
  const Scratch scratch;
  const Bytes content = content_of(5 * k_page + 17);
  scratch.write("f", as_text(content));
  const UniqueFd fd = open_file(scratch, "f");
  for (const std::size_t offset :
       {std::size_t{0}, std::size_t{1}, k_page - 1, k_page, 3 * k_page + 5, content.size() - 1})
    for (const std::size_t length : {std::size_t{1}, k_page, 2 * k_page + 1}) {
      const std::size_t expected = std::min(length, content.size() - offset);
      Bytes out(length);
      REQUIRE(copy_mapped(fd.get(), offset, out, "f") == expected);
      CHECK(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(expected),
                       content.begin() + static_cast<std::ptrdiff_t>(offset)));
    }
  CHECK(copy_mapped(fd.get(), 0, {}, "f") == 0);
}

TEST_CASE("a file shorter than the window raises no signal: the bytes that are there are counted") {
  const Scratch scratch;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, k_page - 1, k_page, k_page + 1, 2 * k_page}) {
    const Bytes content = content_of(size);
    scratch.write("f", as_text(content));
    const UniqueFd fd = open_file(scratch, "f");
    Bytes out(8 * k_page);
    REQUIRE(copy_mapped(fd.get(), 0, out, "f") == size);
    out.resize(size);
    CHECK(out == content);
    out.resize(k_page);
    CHECK(copy_mapped(fd.get(), 16 * k_page, out, "f") == 0);
  }
}

TEST_CASE("a file that is truncated while threads copy it never ends the process nor invents bytes") {
  const Scratch scratch;
  const Bytes content = content_of(64 * k_page);
  scratch.write("f", as_text(content));
  const UniqueFd fd = open_file(scratch, "f");
  std::atomic<bool> stop{false};
  std::thread truncating([&] {
    testing::SplitMix64 random(1);
    while (!stop)
      if (::ftruncate(fd.get(), static_cast<off_t>(random.next() % (64 * k_page))) != 0) std::abort();
  });
  std::atomic<int> bad{0};
  const auto copy = [&] {
    Bytes out(64 * k_page);
    for (int i = 0; i < 300; ++i) {
      const std::size_t got = copy_mapped(fd.get(), 0, out, "f");
      // Cut and grown again meanwhile it may read zeros, as with pread; other bytes than these never.
      for (std::size_t at = 0; at < got; at += k_page / 2)
        if (out[at] != content[at] && out[at] != std::byte{0}) ++bad;
    }
  };
  std::thread other(copy);
  copy();
  other.join();
  stop = true;
  truncating.join();
  CHECK(bad == 0);
}

TEST_CASE("a bus error outside of the guard, or sent by a process, still ends the process") {
  const Scratch scratch;
  scratch.write("f", "x");
  for (const bool sent : {false, true}) {
    const pid_t child = ::fork();
    if (child == 0) {
      Bytes out(2 * k_page);
      if (copy_mapped(open_file(scratch, "f").get(), 0, out, "f") != 1) ::_exit(0);
      if (!sent) fault_outside_the_guard(scratch);
      ::kill(::getpid(), SIGBUS);
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) != 0));  // sanitizers turn the signal into an exit
  }
}

TEST_CASE("a source is opened with its stat, and a change since then is noticed") {
  const Scratch scratch;
  scratch.write("d/f", "12345", 0640);
  const SourceFile file = open_source(scratch.dirfd(), "d/f", "shown/f");
  CHECK(file.stat.path == "shown/f");
  CHECK(file.stat.stat.size == 5);
  CHECK(file.stat.mode == 0640);
  CHECK(unchanged_since_open(file));
  const struct timespec times[2] = {{1, 0}, {1, 0}};
  REQUIRE(::futimens(file.fd.get(), times) == 0);
  CHECK_FALSE(unchanged_since_open(file));
  const SourceFile again = open_source(scratch.dirfd(), "d/f", "f");
  REQUIRE(::truncate(scratch.path("d/f").c_str(), 4) == 0);
  CHECK_FALSE(unchanged_since_open(again));
}

TEST_CASE("what took the place of a regular file is refused without waiting") {
  const Scratch scratch;
  scratch.make_tree({{"d/"}, {"f", "x"}});
  scratch.make_symlink("link", "f");
  scratch.make_symlink("dirlink", ".");
  REQUIRE(::mkfifoat(scratch.dirfd(), "fifo", 0600) == 0);
  for (const std::string name : {"d", "link", "fifo", "dirlink/f"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(open_source(scratch.dirfd(), name, name), Error);
  }
  try {
    open_source(scratch.dirfd(), "none", "shown\nname");
    FAIL("it was opened");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message() == "shown\\nname: open: No such file or directory");
  }
}

TEST_CASE("data ranges cover all data and leave out holes") {
  const Scratch scratch;
  constexpr std::uint64_t k_size = 8 << 20;
  constexpr std::uint64_t k_data_at = 4 << 20;
  scratch.write("f", "");
  const UniqueFd fd = open_file(scratch, "f");
  REQUIRE(::ftruncate(fd.get(), k_size) == 0);
  CHECK(next_data(fd.get(), 0, k_size).begin == k_size);
  REQUIRE(::pwrite(fd.get(), "data", 4, k_data_at) == 4);
  const DataRange range = next_data(fd.get(), 0, k_size);
  CHECK(range.begin > 0);
  CHECK(range.begin <= k_data_at);
  CHECK(range.end >= k_data_at + 4);
  CHECK(range.end < k_size);
  CHECK(next_data(fd.get(), k_data_at + 1, k_size).begin == k_data_at + 1);
  CHECK(next_data(fd.get(), range.end, k_size).begin == k_size);
  CHECK(next_data(fd.get(), 0, k_data_at + 2).end == k_data_at + 2);
  CHECK(next_data(fd.get(), k_size, k_size).begin == k_size);
}
