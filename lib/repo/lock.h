#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/cancel.h"
#include "base/fd.h"
#include "base/file_system.h"

namespace store {

/// In the order in which they are taken (docs/durability.md "Locks").
enum class LockName { gate, repo, index, merge, catalog, refs };
enum class LockMode { shared, exclusive };

/// How long to wait and whom to tell. `on_wait(holder)` is called once after 2 s with who is waited for.
struct LockWait {
  std::uint64_t timeout_ms = 60000;  // 0: fail at once
  std::function<void(const std::string& holder)> on_wait;
  const CancelToken* cancel = nullptr;
};

/// A held open-file-description lock: freed by the kernel when the process dies, so it is never stale.
class Lock {
 public:
  Lock() = default;
  explicit Lock(UniqueFd fd, std::shared_ptr<const void> order = {})
      : fd_(std::move(fd)), order_(std::move(order)) {}
  /// False also for a shared lock of a read-only medium that has no lock files.
  bool held() const { return static_cast<bool>(fd_); }
  void release() { fd_.reset(); order_.reset(); }

 private:
  UniqueFd fd_;
  std::shared_ptr<const void> order_;  // while it lives, the order check knows of this lock
};

/// The permanent lock files of a repository. Any thread; waiting for a lock that comes before one that this thread
/// took through the same LockDirectory and still holds is Error{bug}, and so is waiting for one's own lock.
class LockDirectory {
 public:
  LockDirectory(FileSystem& fs, int repository_fd);
  /// Error{locked} naming the holder after the timeout. An exclusive holder writes pid, host, command and start time
  /// into the file (for messages only). Shared locks work on read-only descriptors. A lost lock file, or the whole
  /// directory, is made again; Error{corrupt} if that cannot be.
  Lock acquire(LockName name, LockMode mode, const LockWait& wait) const;
  std::optional<Lock> try_acquire(LockName name, LockMode mode) const;
  /// Who is in the way, for messages; nothing if a lock of this mode would be free now.
  std::optional<std::string> holder(LockName name, LockMode mode) const;
  /// What an exclusive holder writes; set once by the program ("store add .").
  void set_command(std::string command) { command_ = std::move(command); }

 private:
  UniqueFd open_file(LockName name, LockMode mode) const;
  UniqueFd create_file(const std::string& path) const;
  std::optional<Lock> try_lock(UniqueFd& fd, LockName name, LockMode mode) const;
  FileSystem& fs_;
  int repository_fd_;
  std::string command_;
};

/// The way in for whoever reads or adds objects: gate (shared, let go at once), then repo (shared).
Lock enter_repository(const LockDirectory& locks, const LockWait& wait);

/// "gate", "repo" …
std::string_view name_of(LockName name);

/// Which bytes of a file are locked. A session's owner locks the whole `info`, an adopter the rest only.
enum class LockRange { whole, first, rest };
/// Locks a file by descriptor (session info files); false if somebody else is in the way.
bool try_lock_file(int fd, LockMode mode, LockRange range = LockRange::whole);
/// The lock of another descriptor that is in the way of such a lock, without taking it. Read-only descriptors do.
std::optional<LockMode> conflicting_lock(int fd, LockMode mode, LockRange range = LockRange::whole);

}  // namespace store
