// System calls that are interrupted, and that do less than they were asked for: nobody notices. The linker puts the functions below in
// their place (tests/CMakeLists.txt).
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/types.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>

#include "refusals/kept_world.h"
#include "refusals/refused_reads.h"
#include "support/random_bytes.h"
#include "support/work_fixture.h"
#include "unit/app/cli_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// Every so many calls one is interrupted, or a single one, counted from 1; 0: none. So that it can be tried again, never two in a row.
std::atomic<unsigned> interrupted_each = 0;
std::atomic<std::size_t> interrupted_at = 0;
/// All calls that move bytes move half of them, or a single one does.
std::atomic<bool> short_calls = false;
std::atomic<std::size_t> short_at = 0;
std::atomic<std::size_t> calls = 0;
std::atomic<std::size_t> moves = 0;
std::atomic<std::size_t> interruptions = 0;
std::atomic<std::size_t> shortened = 0;

bool interrupt() {
  const std::size_t number = ++calls;
  const unsigned each = interrupted_each;
  if (number != interrupted_at && (each == 0 || number % each != 0)) return false;
  ++interruptions;
  errno = EINTR;
  return true;
}

std::size_t less(std::size_t size) {
  if (size < 2) return size;
  const bool is_the_one = ++moves == short_at;
  if (!short_calls && !is_the_one) return size;
  ++shortened;
  return (size + 1) / 2;
}

}  // namespace

extern "C" {
ssize_t __real_pwrite64(int, const void*, size_t, off_t);
ssize_t __real_pread64(int, void*, size_t, off_t);
ssize_t __real_read(int, void*, size_t);
int __real_ftruncate64(int, off_t);
int __real_fallocate64(int, int, off_t, off_t);
int __real_openat64(int, const char*, int, mode_t);

ssize_t __wrap_pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  return interrupt() ? -1 : __real_pwrite64(fd, bytes, less(size), offset);
}
ssize_t __wrap_pread64(int fd, void* bytes, size_t size, off_t offset) {
  if (is_refused(ReadCall::pread, fd, nullptr)) return -1;
  return interrupt() ? -1 : __real_pread64(fd, bytes, less(size), offset);
}
ssize_t __wrap_read(int fd, void* bytes, size_t size) {
  if (is_refused(ReadCall::read, fd, nullptr)) return -1;
  return interrupt() ? -1 : __real_read(fd, bytes, less(size));
}
int __wrap_ftruncate64(int fd, off_t size) { return interrupt() ? -1 : __real_ftruncate64(fd, size); }
int __wrap_fallocate64(int fd, int mode, off_t offset, off_t length) {
  return interrupt() ? -1 : __real_fallocate64(fd, mode, offset, length);
}
int __wrap_openat64(int directory, const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return interrupt() ? -1 : __real_openat64(directory, name, flags, mode);
}
}

namespace {

struct Disturbance {
  Disturbance(unsigned each, bool shorter) {
    interrupted_each = each;
    short_calls = shorter;
  }
  ~Disturbance() {
    interrupted_each = 0;
    short_calls = false;
  }
};

enum class Once { interrupted, cut_short };

/// One call goes another way, if there are so many.
struct DisturbedOnce {
  DisturbedOnce(Once how, std::size_t nth) {
    calls = moves = interruptions = shortened = 0;
    (how == Once::interrupted ? interrupted_at : short_at) = nth;
  }
  ~DisturbedOnce() { interrupted_at = short_at = 0; }
  bool happened() const { return interruptions + shortened != 0; }
};

void do_everything(CommandLine& store, const std::string& jobs) {
  const auto is_done = [&](std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.end(), {"--jobs", jobs, "--date", "@1000"});
    const bool dated = words.front() == "commit";
    if (!dated) words.resize(words.size() - 2);
    const Answer answer = store(words, input);
    INFO(answer.err);
    CHECK(answer.code == 0);
  };
  is_done({"init"});
  store.scratch.write("work/large", noise(3'000'000, 1));
  store.scratch.write("work/small", "1");
  store.scratch.write("work/d/e", noise(70'000, 2));
  is_done({"add", "-A"});
  is_done({"add", "--stdin", "--name", "stream"}, noise(200'000, 3));
  is_done({"commit", "-m", "one", "--author", "A <a@b>"});
  store.scratch.write("work/small", "22");
  is_done({"commit", "-a", "-m", "two", "--author", "A <a@b>"});
  is_done({"checkout", "HEAD~1", "--out", store.scratch.path("out")});
  is_done({"checkout", "HEAD~1"});
  is_done({"switch", "main"});
  is_done({"fsck"});
}

std::string result_of(CommandLine& store) {
  CHECK(store.scratch.read("out/large") == noise(3'000'000, 1));
  CHECK(store.scratch.read("out/small") == "1");
  CHECK(store({"cat", "HEAD:stream"}).out == noise(200'000, 3));
  return store({"log", "--format", "{id}", "--config", "metadata.times=false"}).out;
}

}  // namespace

TEST_CASE("interrupted system calls and those that do half of what was asked for make no difference") {
  for (const std::string& jobs : {std::string("1"), std::string("2")}) {
    for (const auto& [each, shorter] : {std::pair(0u, true), std::pair(2u, false), std::pair(3u, true)}) {
      CAPTURE(jobs);
      interruptions = shortened = 0;
      CommandLine store;
      store.environment["STORE_CORE_FSYNC"] = "true";
      store.environment["STORE_METADATA_TIMES"] = "false";
      {
        const Disturbance disturbance(each, shorter);
        do_everything(store, jobs);
      }
      CommandLine calm;
      calm.environment = store.environment;
      do_everything(calm, jobs);
      CHECK(result_of(store) == result_of(calm));
      CHECK((interruptions > 200) == (each != 0));
      CHECK((shortened > 200) == shorter);
    }
  }
}

namespace {

using Words = std::vector<std::string>;

struct Sweep {
  void (*prepare)(CommandLine&);
  Words words;
};

const Sweep k_sweeps[] = {
    {prepare_changes, {"status", "--porcelain"}},
    {prepare_branches, {"cat", "HEAD:d/large"}},
    {prepare_changes, {"diff"}},
    {prepare_branches, {"fsck", "--data"}},
    {prepare_changes, {"add", "-A", "-q"}},
    {prepare_changes, {"commit", "-A", "-q", "-m", "x", "--date", "@2000"}},
    {prepare_changes, {"save", "d", "-b", "saved", "-q", "-m", "x", "--date", "@2000"}},
    {prepare_branches, {"switch", "side", "-q"}},
    {prepare_changes, {"checkout", "main~1", "--force", "-q"}},
    {prepare_changes, {"restore", ".", "-q"}},
    {prepare_branches, {"merge", "side", "-q", "--no-ff", "-m", "merged"}},
    {prepare_branches, {"undo", "-q"}},
    {prepare_branches, {"repack", "-q"}},
};

std::string outcome(CommandLine& store, Words words) {
  words.insert(words.end(), {"--jobs", "1"});
  const Answer answer = store(words);
  return fmt::format("{}\n{}\n{}\n", answer.code, answer.out, answer.err);
}
std::string left_by(CommandLine& store) {
  std::string seen;
  for (const Words& words : {Words{"log", "--all", "--format", "{id}"}, Words{"status", "--porcelain"}, Words{"ls", "-r", ":"}})
    seen += outcome(store, words);
  for (const char* file : {"a", "d/large", "theirs"})
    if (store.scratch.exists(std::string("work/") + file)) seen += store.scratch.read(std::string("work/") + file);
  return seen;
}

}  // namespace

TEST_CASE("any one system call that is interrupted, or does half of what was asked for, makes no difference") {
  std::size_t rounds[2] = {0, 0};
  for (const Sweep& sweep : k_sweeps) {
    const std::string line = fmt::format("{}", fmt::join(sweep.words, " "));
    CAPTURE(line);
    KeptWorld world(sweep.prepare);
    world.store.environment["SOURCE_DATE_EPOCH"] = "3000";
    const std::string said = outcome(world.store, sweep.words);
    const std::string left = left_by(world.store);
    REQUIRE(said.starts_with("0"));
    for (const Once how : {Once::interrupted, Once::cut_short})
      for (std::size_t nth = 1;; ++nth) {
        CAPTURE(nth);
        world.put_back();
        std::string now;
        {
          const DisturbedOnce disturbed(how, nth);
          now = outcome(world.store, sweep.words);
          if (!disturbed.happened()) break;
        }
        ++rounds[static_cast<int>(how)];
        CHECK(now == said);
        CHECK(left_by(world.store) == left);
      }
  }
  MESSAGE(rounds[0] << " interrupted calls, " << rounds[1] << " that were cut short");
  CHECK(rounds[0] > 1000);
  CHECK(rounds[1] > 500);
}
