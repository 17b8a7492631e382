#include "repo/session.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "support/fault_file_system.h"
#include "support/scratch.h"
#include "support/unsynced_file_system.h"
#include "unit/repo/child_process.h"

using namespace store;
using test::ChildProcess;
using test::FaultFileSystem;
using test::FileCall;
using test::Scratch;

namespace {

const LockWait k_patient{.timeout_ms = 60000, .on_wait = {}, .cancel = nullptr};

struct Fixture {
  std::vector<std::string> folders() const {
    std::vector<std::string> names;
    for (const std::string& path : scratch.list())
      if (path.starts_with("r/sessions/") && std::count(path.begin(), path.end(), '/') == 2) names.push_back(path);
    return names;
  }
  Scratch scratch;
  Repository repository = made();

 private:
  Repository made() const {
    create_repository(test::unsynced_file_system(), scratch.path("r"), "", "main");
    return Repository(test::unsynced_file_system(), scratch.path("r"));
  }
};

JournalRecord written(int number) { return JournalWritten{fmt::format("path/{}", number), ObjectId{}}; }

std::vector<JournalRecord> records_of(const DeadSession& session) {
  std::vector<JournalRecord> records;
  read_journal(session, [&](JournalRecord&& record) { records.push_back(std::move(record)); });
  return records;
}

/// Leaves a session with a journal of `count` records, as a killed `add` does.
void leave_dead_session(const Repository& repository, int count) {
  ChildProcess child([&] {
    const Repository own(test::unsynced_file_system(), repository.path());
    const Session session = Session::open(own, "store add .", k_patient);
    JournalWriter journal = session.create_journal();
    for (int i = 0; i < count; ++i) journal.append(written(i));
    journal.flush();
    ::kill(::getpid(), SIGKILL);
  });
  child.wait();
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a session names its process while it lives and leaves nothing behind") {
  {
    const Session session = Session::open(repository, "store ls", k_patient);
    REQUIRE(folders().size() == 1);
    const std::vector<SessionInfo> live = live_sessions(repository);
    REQUIRE(live.size() == 1);
    CHECK(live.front().pid == ::getpid());
    CHECK(live.front().command == "store ls");
    CHECK(interrupted_sessions(repository).empty());
    CHECK_FALSE(repository.locks().try_acquire(LockName::repo, LockMode::exclusive));
  }
  CHECK(folders().empty());
  CHECK(repository.locks().try_acquire(LockName::repo, LockMode::exclusive));
}

TEST_CASE_FIXTURE(Fixture, "a session whose work is published goes with everything in it") {
  Session session = Session::open(repository, "store add .", k_patient);
  session.create_journal().flush();
  scratch.write(folders().front() + "/pack.tmp", "blocks");
  session.remove();
  CHECK(folders().empty());
  session.remove();
  CHECK(session.directory_fd() == -1);
}

TEST_CASE_FIXTURE(Fixture, "a session that ends with work in it can be adopted, journal and all") {
  {
    const Session session = Session::open(repository, "store add big", k_patient);
    JournalWriter journal = session.create_journal();
    journal.append(written(1));
    journal.append(written(2));
    journal.flush();
    CHECK(interrupted_sessions(repository).empty());
  }
  const std::vector<SessionInfo> interrupted = interrupted_sessions(repository);
  REQUIRE(interrupted.size() == 1);
  CHECK(interrupted.front().command == "store add big");
  std::vector<DeadSession> dead = adopt_dead_sessions(repository);
  REQUIRE(dead.size() == 1);
  CHECK(dead.front().about == interrupted.front());
  CHECK(records_of(dead.front()) == std::vector<JournalRecord>{written(1), written(2)});
  remove_session(repository, std::move(dead.front()));
  CHECK(folders().empty());
}

TEST_CASE_FIXTURE(Fixture, "a live session is never adopted, and neither is one that somebody else adopted") {
  const Session live = Session::open(repository, "store add .", k_patient);
  live.create_journal().flush();
  leave_dead_session(repository, 1);
  const std::vector<DeadSession> dead = adopt_dead_sessions(repository);
  CHECK(dead.size() == 1);
  CHECK(adopt_dead_sessions(repository).empty());
  CHECK(interrupted_sessions(repository).empty());
  CHECK_MESSAGE(live_sessions(repository).size() == 1, "an adopted session is not alive");
}

TEST_CASE_FIXTURE(Fixture, "an adopter that dies leaves the session to the next one") {
  leave_dead_session(repository, 3);
  ChildProcess child([&] {
    const std::vector<DeadSession> dead = adopt_dead_sessions(repository);
    ::kill(::getpid(), SIGKILL);
  });
  child.wait();
  const std::vector<DeadSession> dead = adopt_dead_sessions(repository);
  REQUIRE(dead.size() == 1);
  CHECK(records_of(dead.front()).size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "folders without work or without info are cleared away, work without info is adopted") {
  scratch.make_directory("r/sessions/0000000000000001");
  scratch.write("r/sessions/0000000000000002/info", "");
  scratch.write("r/sessions/0000000000000003/info", "not an info");
  scratch.write("r/sessions/0000000000000004/pack.tmp", "blocks");
  scratch.write("r/sessions/a file", "");
  const std::vector<DeadSession> dead = adopt_dead_sessions(repository);
  REQUIRE(dead.size() == 1);
  CHECK(dead.front().name == "0000000000000004");
  CHECK_FALSE(dead.front().about);
  CHECK(records_of(dead.front()).empty());
  CHECK(folders() == std::vector<std::string>{"r/sessions/0000000000000004", "r/sessions/a file"});
}

TEST_CASE_FIXTURE(Fixture, "a journal is read up to its first flaw") {
  constexpr int k_records = 20000;  // several read windows
  leave_dead_session(repository, k_records);
  const std::string journal = folders().front() + "/journal";
  std::string content = scratch.read(journal);
  const auto count_after = [&](const std::string& bytes) {
    scratch.write(journal, bytes);
    const std::vector<DeadSession> dead = adopt_dead_sessions(repository);
    REQUIRE(dead.size() == 1);
    return records_of(dead.front()).size();
  };
  CHECK(count_after(content) == k_records);
  CHECK(count_after(content.substr(0, content.size() - 1)) == k_records - 1);
  CHECK(count_after(content.substr(0, journal_header_size())) == 0);
  CHECK(count_after(content.substr(0, journal_header_size() - 1)) == 0);
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  const std::size_t half = count_after(content);
  CHECK(half > k_records / 3);
  CHECK(half < 2 * k_records / 3);
  content[0] = static_cast<char>(content[0] ^ 1);
  CHECK(count_after(content) == 0);
}

TEST_CASE_FIXTURE(Fixture, "a journal writes what it holds in blocks and on demand") {
  FaultFileSystem fs(test::unsynced_file_system());
  const Repository counted(fs, scratch.path("r"));
  const Session session = Session::open(counted, "store add .", k_patient);
  JournalWriter journal = session.create_journal();
  const std::uint64_t before = fs.count(FileCall::pwrite);
  journal.append(written(0));
  CHECK(fs.count(FileCall::pwrite) == before);
  journal.flush();
  journal.flush();
  CHECK(fs.count(FileCall::pwrite) == before + 1);
  CHECK(fs.count(FileCall::fdatasync) + fs.count(FileCall::fsync) == 0);
}

TEST_CASE_FIXTURE(Fixture, "readers go on without a folder where none can be made, writers are told why") {
  for (const int error : {ENOSPC, EROFS}) {
    for (const FileCall call : {FileCall::mkdir, FileCall::open, FileCall::pwrite}) {
      FaultFileSystem fs(test::unsynced_file_system());
      const Repository refusing(fs, scratch.path("r"));
      fs.arm({.call = call, .error = error, .lasts = test::FaultLasts::forever});
      const Session session = Session::open(refusing, "store cat HEAD:x", k_patient);
      CHECK(test::kind_of([&] { (void)session.directory_fd(); }) == kind_of_errno(error));
      CHECK(test::kind_of([&] { (void)session.create_journal(); }) == kind_of_errno(error));
      CHECK_FALSE(repository.locks().try_acquire(LockName::repo, LockMode::exclusive));
      fs.disarm();
    }
  }
  adopt_dead_sessions(repository);
  CHECK(folders().empty());
}

TEST_CASE_FIXTURE(Fixture, "a session moves with its locks") {
  const Repository other(test::unsynced_file_system(), scratch.path("r"));  // outlives the sessions in it
  Session first = Session::open(repository, "store add .", k_patient);
  Session second = std::move(first);
  CHECK(first.directory_fd() == -1);
  CHECK(live_sessions(repository).size() == 1);
  second = Session::open(other, "store ls", k_patient);
  const std::vector<SessionInfo> live = live_sessions(repository);
  REQUIRE(live.size() == 1);
  CHECK(live.front().command == "store ls");
}

TEST_CASE_FIXTURE(Fixture, "a maker whose folder is adopted between making and locking takes another one") {
  for (const bool adopter_keeps_it : {false, true}) {
    test::UnsyncedFileSystem fs;
    const Repository slow(fs, scratch.path("r"));
    std::string born;
    std::optional<UniqueFd> kept;
    fs.after_open = [&](std::string_view name) {
      if (name != "info") return;
      fs.after_open = nullptr;
      born = folders().front();
      if (!adopter_keeps_it) return (void)adopt_dead_sessions(repository);
      kept = UniqueFd(::openat(scratch.dirfd(), (born + "/info").c_str(), O_RDWR | O_CLOEXEC));
      CHECK(try_lock_file(kept->get(), LockMode::exclusive, LockRange::rest));
    };
    const Session session = Session::open(slow, "store add .", k_patient);
    CHECK("r/sessions/" + session.name() != born);
    CHECK(scratch.exists("r/sessions/" + session.name() + "/info"));
    CHECK(live_sessions(repository).size() == 1);
    CHECK(folders().size() == (adopter_keeps_it ? 2 : 1));
    kept.reset();
    adopt_dead_sessions(repository);
    CHECK(folders().size() == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "an adopter that locked an info which is no longer the folder's leaves the folder alone") {
  leave_dead_session(repository, 1);
  const std::string folder = folders().front();
  test::UnsyncedFileSystem fs;
  const Repository slow(fs, scratch.path("r"));
  fs.after_open = [&](std::string_view name) {
    if (name != "info") return;
    scratch.write(folder + "/new", "");
    std::filesystem::rename(scratch.path(folder + "/new"), scratch.path(folder + "/info"));
  };
  CHECK(adopt_dead_sessions(slow).empty());
  CHECK(adopt_dead_sessions(repository).size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "wherever the maker of a session is killed, the folder is cleared away") {
  for (std::uint64_t nth = 1;; ++nth) {
    ChildProcess child([&] {
      FaultFileSystem fs(test::unsynced_file_system());
      const Repository counted(fs, scratch.path("r"));
      fs.arm({.nth = nth, .action = test::FaultAction::kill});
      Session session = Session::open(counted, "store add .", k_patient);
      session.create_journal().flush();
      session.remove();
    });
    const bool done = child.succeeds();
    CAPTURE(nth);
    CHECK(live_sessions(repository).empty());
    for (DeadSession& dead : adopt_dead_sessions(repository)) remove_session(repository, std::move(dead));
    CHECK(folders().empty());
    if (done) break;
  }
}

TEST_CASE_FIXTURE(Fixture, "adopters never take a session from its living maker, at any moment of its birth or end") {
  constexpr int k_makers = 3;
  constexpr int k_adopters = 3;
  constexpr int k_rounds = 150;
  std::atomic<bool> stop{false};
  std::atomic<int> stolen{0};
  std::vector<std::thread> threads;
  const auto make = [&](const Repository& own) {
    for (int round = 0; round < k_rounds; ++round) {
      Session session = Session::open(own, "store add .", k_patient);
      JournalWriter journal = session.create_journal();
      journal.append(written(round));
      journal.flush();
      std::this_thread::yield();
      struct stat named {};
      struct stat held {};
      const bool there = ::stat(scratch.path("r/sessions/" + session.name() + "/journal").c_str(), &named) == 0 &&
                         ::fstatat(session.directory_fd(), "journal", &held, 0) == 0;
      if (!there || named.st_ino != held.st_ino) ++stolen;
      if (round % 2 == 0) session.remove();
    }
  };
  for (int i = 0; i < k_makers; ++i)
    threads.emplace_back([&] { make(Repository(test::unsynced_file_system(), scratch.path("r"))); });
  std::atomic<int> adopted{0};
  for (int i = 0; i < k_adopters; ++i)
    threads.emplace_back([&] {
      while (!stop)
        for (DeadSession& dead : adopt_dead_sessions(repository)) {
          adopted += static_cast<int>(records_of(dead).size());
          remove_session(repository, std::move(dead));
        }
    });
  for (int i = 0; i < k_makers; ++i) threads[static_cast<std::size_t>(i)].join();
  stop = true;
  for (std::size_t i = k_makers; i < threads.size(); ++i) threads[i].join();
  for (DeadSession& dead : adopt_dead_sessions(repository)) {
    adopted += static_cast<int>(records_of(dead).size());
    remove_session(repository, std::move(dead));
  }
  CHECK(stolen == 0);
  CHECK_MESSAGE(adopted == k_makers * k_rounds / 2, "each dead session is adopted once");
  CHECK(folders().empty());
}
