#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "base/error.h"
#include "support/fault_file_system.h"
#include "support/scratch.h"
#include "unit/worktree/index_model.h"
#include "worktree/index.h"

using namespace store;
using namespace store::index_model;
using test::Fault;
using test::FaultAction;
using test::FaultFileSystem;
using test::FaultLasts;
using test::Scratch;

namespace {

constexpr std::uint64_t k_log_limit = 1 << 20;

Model few_entries(std::uint64_t version) {
  Model model;
  for (const char* path : {"a", "a/b"}) model[path] = entry_at(path, version);
  return model;
}

void commit_all(FileSystem& fs, int directory, const Model& model, bool sync = true) {
  Index index(fs, directory);
  Index::Batch batch = index.begin();
  for (const auto& [path, entry] : model) batch.put(entry);
  batch.commit(sync);
}

/// Entries whose log records take about `bytes` together.
Model bulk(std::uint64_t bytes, std::uint64_t version) {
  constexpr std::uint64_t k_path = 1000;
  Model model;
  for (std::uint64_t i = 0; i < bytes / k_path; ++i) {
    const std::string path = std::to_string(100000 + i) + std::string(k_path, 'x');
    model[path] = entry_at(path, version);
  }
  return model;
}

Model merged(Model model, const Model& more) {
  for (const auto& [path, entry] : more) model[path] = entry;
  return model;
}

/// A change with what stands before it and after it.
struct Step {
  Model before;
  Model change;
  Model after() const { return merged(before, change); }
};

/// One for each way a commit can go: append, append and fold, new base at once, the same with a log in the
/// way.
std::vector<Step> steps() {
  const Model few = few_entries(1);
  const Model half = bulk(k_log_limit * 3 / 4, 1);
  const Model most = bulk(k_log_limit * 3 / 4, 2);
  const Model much = bulk(k_log_limit * 3 / 2, 3);
  return {{.before = {}, .change = few},
          {.before = few, .change = few_entries(2)},
          {.before = half, .change = most},
          {.before = {}, .change = much},
          {.before = half, .change = much}};
}

Model state_of(int directory, const Step& step) {
  const Index index(posix_file_system(), directory);
  if (equal(index, step.before)) return step.before;
  REQUIRE(equal(index, step.after()));
  return step.after();
}

/// Whatever happened, the next command works.
void check_goes_on(int directory, Model model) {
  const Model next = few_entries(9);
  commit_all(posix_file_system(), directory, next, false);
  check_equal(Index(posix_file_system(), directory), merged(std::move(model), next));
}

}  // namespace

TEST_CASE("a log cut after any byte shows the batches that are whole, and the next batch goes behind them") {
  const Scratch scratch;
  commit_all(posix_file_system(), scratch.dirfd(), few_entries(1));
  const std::size_t first = scratch.read("index.log").size();
  commit_all(posix_file_system(), scratch.dirfd(), few_entries(2));
  const std::string log = scratch.read("index.log");
  for (std::size_t length = 0; length <= log.size(); ++length) {
    CAPTURE(length);
    const Scratch copy;
    copy.write("index.log", log.substr(0, length));
    const Model expected = length < first ? Model{} : few_entries(length < log.size() ? 1 : 2);
    {
      const Index index(posix_file_system(), copy.dirfd());
      check_equal(index, expected);
      CHECK(index.torn_bytes() == length - (length < first ? 0 : length < log.size() ? first : length));
    }
    if (length % 5 != 0 && length != first) continue;  // cutting syncs, which takes its time
    Index index(posix_file_system(), copy.dirfd());
    put_one(index, entry_at("new", 7), false);
    Model after = expected;
    after["new"] = entry_at("new", 7);
    check_equal(Index(posix_file_system(), copy.dirfd()), after);
    CHECK(Index(posix_file_system(), copy.dirfd()).torn_bytes() == 0);
  }
}

TEST_CASE("a flipped byte in a batch that others follow is damage, in the last one it makes a torn tail") {
  const Scratch scratch;
  commit_all(posix_file_system(), scratch.dirfd(), few_entries(1));
  const std::size_t first = scratch.read("index.log").size();
  commit_all(posix_file_system(), scratch.dirfd(), few_entries(2));
  const std::string log = scratch.read("index.log");
  for (std::size_t at = 0; at < log.size(); ++at) {
    CAPTURE(at);
    std::string flipped = log;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    scratch.write("index.log", flipped);
    try {
      const Index index(posix_file_system(), scratch.dirfd());
      CHECK(at >= first);
      check_equal(index, few_entries(1));
      CHECK(index.torn_bytes() == log.size() - first);
    } catch (const Error& error) {
      CHECK((error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::newer_format));
    }
  }
}

TEST_CASE(
    "whichever call fails, once or for ever, the index is old or new, no temporary is left, and work goes "
    "on") {
  for (const Step& step : steps()) {
    for (const FaultLasts lasts : {FaultLasts::once, FaultLasts::forever}) {
      std::uint64_t nth = 1;
      for (bool faulted = true; faulted; ++nth) {
        CAPTURE(nth);
        const Scratch scratch;
        if (!step.before.empty()) commit_all(posix_file_system(), scratch.dirfd(), step.before, false);
        FaultFileSystem fs;
        fs.arm({.nth = nth, .error = ENOSPC, .lasts = lasts, .bytes_before = 10});
        bool failed = false;
        try {
          commit_all(fs, scratch.dirfd(), step.change);
        } catch (const Error& error) {
          failed = true;
          CHECK(error.kind() == ErrorKind::no_space);
        }
        faulted = fs.faults() > 0;
        const Model now = state_of(scratch.dirfd(), step);
        if (!failed) REQUIRE(now == step.after());
        if (lasts == FaultLasts::once)
          for (const std::string& name : scratch.list()) CHECK((name == "index.log" || name == "index.base"));
        check_goes_on(scratch.dirfd(), now);
      }
      CHECK(nth > 3);
    }
  }
}

TEST_CASE("a batch whose sync failed is taken back") {
  const Scratch scratch;
  commit_all(posix_file_system(), scratch.dirfd(), few_entries(1));
  FaultFileSystem fs;
  fs.arm({.call = test::FileCall::fdatasync, .nth = 2});
  CHECK_THROWS_AS(commit_all(fs, scratch.dirfd(), few_entries(2)), Error);
  REQUIRE(fs.faults() == 1);
  check_equal(Index(posix_file_system(), scratch.dirfd()), few_entries(1));
}

TEST_CASE("killed at any call, the index is old or new, and work goes on") {
  for (const Step& step : steps()) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(nth);
      const Scratch scratch;
      if (!step.before.empty()) commit_all(posix_file_system(), scratch.dirfd(), step.before, false);
      const pid_t child = ::fork();
      if (child == 0) {
        FaultFileSystem fs;
        fs.arm({.nth = nth, .action = FaultAction::kill, .bytes_before = 500});
        try {
          commit_all(fs, scratch.dirfd(), step.change);
        } catch (const Error&) {
          ::_exit(1);
        }
        ::_exit(0);
      }
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      const Model now = state_of(scratch.dirfd(), step);
      check_goes_on(scratch.dirfd(), now);
      for (const auto& file : std::filesystem::directory_iterator(scratch.path()))
        CHECK(file.path().filename().string().find("tmp") == std::string::npos);
      if (WIFSIGNALED(status)) continue;
      REQUIRE(WEXITSTATUS(status) == 0);
      CHECK(now == step.after());
      break;
    }
  }
}

TEST_CASE("readers without a lock see one state at a time while a writer appends and folds") {
  const Scratch scratch;
  const std::uint64_t size = k_log_limit / 5;  // folded every few batches
  const int directory = scratch.dirfd();
  commit_all(posix_file_system(), directory, bulk(size, 0), false);
  std::atomic<bool> stop{false};
  std::atomic<int> mixed{0};
  std::atomic<int> backwards{0};
  std::atomic<int> reads{0};
  const auto read = [&] {
    std::uint64_t latest = 0;
    while (!stop) {
      const Index index(posix_file_system(), directory);
      Index::Cursor cursor = index.seek("");
      const std::uint64_t version = cursor.at_end() ? 0 : cursor.entry().size;
      if (version < latest) ++backwards;
      latest = version;
      std::size_t entries = 0;
      for (; !cursor.at_end(); cursor.next(), ++entries)
        if (cursor.entry().size != version) ++mixed;
      if (entries != size / 1000) ++mixed;
      ++reads;
    }
  };
  std::thread one(read);
  std::thread other(read);
  for (std::uint64_t version = 1; version <= 60 || reads < 20; ++version) {
    const Model model = bulk(size, version);
    commit_all(posix_file_system(), directory, model, false);
  }
  stop = true;
  one.join();
  other.join();
  CHECK(mixed == 0);
  CHECK(backwards == 0);
}
