#include "repo/lock.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <vector>

#include "repo/repository.h"
#include "repo/session.h"
#include "support/fault_file_system.h"
#include "support/scratch.h"
#include "support/unsynced_file_system.h"
#include "unit/repo/child_process.h"

using namespace store;
using test::ChildProcess;
using test::Scratch;

namespace {

constexpr LockName k_all_names[] = {LockName::gate,  LockName::repo,    LockName::index,
                                    LockName::merge, LockName::catalog, LockName::refs};
const LockWait k_at_once{.timeout_ms = 0, .on_wait = {}, .cancel = nullptr};
/// Far longer than any test waits, so that a lock that never comes free fails the test.
const LockWait k_patient{.timeout_ms = 60000, .on_wait = {}, .cancel = nullptr};

/// A folder with `lock/` and two ways into it, as two processes have them.
struct Fixture {
  Fixture() { scratch.make_directory("lock"); }
  Scratch scratch;
  LockDirectory ours{test::unsynced_file_system(), scratch.dirfd()};
  LockDirectory theirs{test::unsynced_file_system(), scratch.dirfd()};
};

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an exclusive lock keeps everybody else out until it is released") {
  for (const LockName name : k_all_names) {
    Lock lock = ours.acquire(name, LockMode::exclusive, k_at_once);
    CHECK(lock.held());
    CHECK_FALSE(theirs.try_acquire(name, LockMode::exclusive));
    CHECK_FALSE(theirs.try_acquire(name, LockMode::shared));
    lock.release();
    CHECK_FALSE(lock.held());
    CHECK(theirs.try_acquire(name, LockMode::exclusive));
  }
}

TEST_CASE_FIXTURE(Fixture, "shared locks go together and keep exclusive ones out") {
  const Lock one = ours.acquire(LockName::repo, LockMode::shared, k_at_once);
  const Lock two = theirs.acquire(LockName::repo, LockMode::shared, k_at_once);
  CHECK(two.held());
  CHECK_FALSE(theirs.try_acquire(LockName::repo, LockMode::exclusive));
}

TEST_CASE_FIXTURE(Fixture, "lock files are permanent, and another descriptor's close does not drop a lock") {
  const Lock lock = ours.acquire(LockName::index, LockMode::exclusive, k_at_once);
  { const UniqueFd other = open_readonly(scratch.dirfd(), "lock/index"); }
  CHECK_FALSE(theirs.try_acquire(LockName::index, LockMode::exclusive));
  CHECK(scratch.exists("lock/index"));
}

TEST_CASE_FIXTURE(Fixture, "a read-only descriptor takes shared locks, not exclusive ones") {
  scratch.write("file", "");
  const UniqueFd one = open_readonly(scratch.dirfd(), "file");
  const UniqueFd two = open_readonly(scratch.dirfd(), "file");
  CHECK(try_lock_file(one.get(), LockMode::shared));
  CHECK(try_lock_file(two.get(), LockMode::shared));
  CHECK(test::kind_of([&] { try_lock_file(one.get(), LockMode::exclusive); }) == ErrorKind::system);
  CHECK(conflicting_lock(two.get(), LockMode::exclusive) == LockMode::shared);
  CHECK_FALSE(conflicting_lock(two.get(), LockMode::shared));
}

TEST_CASE_FIXTURE(Fixture, "shared locks are opened read-only once the lock file is there") {
  scratch.write("lock/gate", "", 0444);
  test::FaultFileSystem refusing;
  refusing.arm({.call = test::FileCall::open, .error = EROFS, .lasts = test::FaultLasts::forever});
  const LockDirectory locks(refusing, scratch.dirfd());
  CHECK(locks.acquire(LockName::gate, LockMode::shared, k_at_once).held());
  CHECK(test::kind_of([&] { locks.acquire(LockName::gate, LockMode::exclusive, k_at_once); }) ==
        ErrorKind::permission);
}

TEST_CASE_FIXTURE(Fixture, "readers of a medium without lock files do without them") {
  test::FaultFileSystem refusing;
  refusing.arm({.call = test::FileCall::open, .error = EROFS, .lasts = test::FaultLasts::forever});
  const LockDirectory locks(refusing, scratch.dirfd());
  CHECK_FALSE(locks.acquire(LockName::gate, LockMode::shared, k_at_once).held());
  CHECK(locks.try_acquire(LockName::gate, LockMode::shared));
}

TEST_CASE_FIXTURE(Fixture, "a lost lock file or directory is made again") {
  for (const LockMode mode : {LockMode::shared, LockMode::exclusive}) {
    scratch.remove("lock");
    const Lock lock = ours.acquire(LockName::catalog, mode, k_at_once);
    CHECK(lock.held());
    CHECK(scratch.exists("lock/catalog"));
    CHECK_FALSE(theirs.try_acquire(LockName::catalog, LockMode::exclusive));
  }
  scratch.remove("lock");
  scratch.write("lock", "in the way");
  for (const LockMode mode : {LockMode::shared, LockMode::exclusive})
    CHECK(test::kind_of([&] { ours.acquire(LockName::catalog, mode, k_at_once); }) == ErrorKind::corrupt);
}

TEST_CASE_FIXTURE(Fixture, "a full disk does not stop a lock whose note cannot be written") {
  test::FaultFileSystem full;
  full.arm({.call = test::FileCall::pwrite, .error = ENOSPC, .lasts = test::FaultLasts::forever});
  const LockDirectory locks(full, scratch.dirfd());
  CHECK(locks.acquire(LockName::merge, LockMode::exclusive, k_at_once).held());
  CHECK(full.faults() == 1);
}

TEST_CASE_FIXTURE(Fixture, "the lock of a killed process is free, and while it lived the message named it") {
  test::Signal locked;
  ChildProcess child([&] {
    theirs.set_command("store add .");
    const Lock lock = theirs.acquire(LockName::catalog, LockMode::exclusive, k_patient);
    locked.send();
    test::sleep_for_ever();
  });
  locked.wait();
  const std::string message = message_of([&] { ours.acquire(LockName::catalog, LockMode::exclusive, k_at_once); });
  CHECK(contains(message, "lock catalog"));
  CHECK(contains(message, fmt::format("pid {} ", child.pid())));
  CHECK(contains(message, "store add ."));
  CHECK(test::kind_of([&] { ours.acquire(LockName::catalog, LockMode::shared, k_at_once); }) == ErrorKind::locked);
  child.kill();
  CHECK(ours.acquire(LockName::catalog, LockMode::exclusive, k_at_once).held());
}

TEST_CASE("who holds the repository shared is named from the live sessions") {
  const Scratch scratch;
  create_repository(test::unsynced_file_system(), scratch.path("r"), "", "main");
  const Repository repository(test::unsynced_file_system(), scratch.path("r"));
  test::Signal open;
  ChildProcess child([&] {
    const Session session = Session::open(repository, "store cat HEAD:x", k_patient);
    open.send();
    test::sleep_for_ever();
  });
  open.wait();
  const std::string message =
      message_of([&] { repository.locks().acquire(LockName::repo, LockMode::exclusive, k_at_once); });
  CHECK(contains(message, fmt::format("pid {} ", child.pid())));
  CHECK(contains(message, "store cat HEAD:x"));
}

TEST_CASE_FIXTURE(Fixture, "a note left by an earlier holder is not taken for a reader's") {
  { const Lock lock = ours.acquire(LockName::refs, LockMode::exclusive, k_at_once); }
  const Lock reader = ours.acquire(LockName::refs, LockMode::shared, k_at_once);
  CHECK(theirs.holder(LockName::refs, LockMode::exclusive) == "a reader");
  CHECK_FALSE(theirs.holder(LockName::refs, LockMode::shared));
}

TEST_CASE_FIXTURE(Fixture, "a waiter gets the lock when it becomes free") {
  Lock lock = ours.acquire(LockName::index, LockMode::exclusive, k_at_once);
  bool taken = false;
  std::thread waiter([&] { taken = theirs.acquire(LockName::index, LockMode::exclusive, k_patient).held(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  lock.release();
  waiter.join();
  CHECK(taken);
}

TEST_CASE_FIXTURE(Fixture, "a signal ends the wait for a lock") {
  const Lock lock = ours.acquire(LockName::index, LockMode::exclusive, k_at_once);
  CancelToken cancel;
  LockWait wait = k_patient;
  wait.cancel = &cancel;
  std::thread signaller([&] { cancel.request(SIGINT); });
  CHECK(test::kind_of([&] { theirs.acquire(LockName::index, LockMode::shared, wait); }) == ErrorKind::interrupted);
  signaller.join();
}

TEST_CASE_FIXTURE(Fixture, "whoever waits is told once who is in the way") {
  const Lock lock = ours.acquire(LockName::index, LockMode::exclusive, k_at_once);
  std::vector<std::string> told;
  LockWait wait{.timeout_ms = 2200, .on_wait = {}, .cancel = nullptr};
  wait.on_wait = [&](const std::string& holder) { told.push_back(holder); };
  CHECK(test::kind_of([&] { theirs.acquire(LockName::index, LockMode::shared, wait); }) == ErrorKind::locked);
  REQUIRE(told.size() == 1);
  CHECK(contains(told.front(), fmt::format("pid {} ", ::getpid())));
}

TEST_CASE_FIXTURE(Fixture, "waiting for an earlier lock than one that is held is a bug") {
  const Lock lock = ours.acquire(LockName::catalog, LockMode::exclusive, k_at_once);
  CHECK(test::kind_of([&] { ours.acquire(LockName::index, LockMode::shared, k_at_once); }) == ErrorKind::bug);
  CHECK(test::kind_of([&] { ours.acquire(LockName::catalog, LockMode::shared, k_at_once); }) == ErrorKind::bug);
  CHECK(ours.acquire(LockName::refs, LockMode::exclusive, k_at_once).held());
  bool other_thread = false;
  std::thread([&] { other_thread = ours.acquire(LockName::index, LockMode::shared, k_at_once).held(); }).join();
  CHECK(other_thread);
}

TEST_CASE_FIXTURE(Fixture, "the order is checked against the locks that are still held only") {
  Lock lock = ours.acquire(LockName::refs, LockMode::exclusive, k_at_once);
  Lock moved = std::move(lock);
  CHECK(test::kind_of([&] { ours.acquire(LockName::gate, LockMode::shared, k_at_once); }) == ErrorKind::bug);
  moved.release();
  CHECK(ours.acquire(LockName::gate, LockMode::shared, k_at_once).held());
}

TEST_CASE_FIXTURE(Fixture, "entering leaves the gate free and waits behind whoever holds it") {
  {
    const Lock inside = enter_repository(ours, k_at_once);
    CHECK(theirs.try_acquire(LockName::gate, LockMode::exclusive));
    CHECK_FALSE(theirs.try_acquire(LockName::repo, LockMode::exclusive));
  }
  const Lock gate = theirs.acquire(LockName::gate, LockMode::exclusive, k_at_once);
  CHECK(test::kind_of([&] { enter_repository(ours, k_at_once); }) == ErrorKind::locked);
}

TEST_CASE_FIXTURE(Fixture, "processes that count under a lock lose no count") {
  constexpr int k_processes = 4;
  constexpr int k_rounds = 100;
  scratch.write("count", "0");
  {
    std::vector<std::unique_ptr<ChildProcess>> children;
    for (int i = 0; i < k_processes; ++i)
      children.push_back(std::make_unique<ChildProcess>([&] {
        for (int round = 0; round < k_rounds; ++round) {
          const Lock lock = ours.acquire(LockName::catalog, LockMode::exclusive, k_patient);
          const int count = std::stoi(scratch.read("count"));
          scratch.write("count", std::to_string(count + 1));
        }
      }));
    for (const auto& child : children) CHECK(child->succeeds());
  }
  CHECK(scratch.read("count") == std::to_string(k_processes * k_rounds));
}
