// ops: one function per command of the program, over repository, work tree and pipeline. It never prints, reads no
// environment and knows no option syntax: the app turns words into these structs and results into text or JSON.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/fd.h"
#include "config/config.h"
#include "format/commit.h"
#include "pipeline/progress.h"
#include "pipeline/threads.h"
#include "repo/object_store.h"
#include "repo/refs.h"
#include "repo/repository.h"
#include "worktree/scanner.h"

namespace store {

struct Warning {
  std::string kind;  // snake_case word for JSON
  std::string message;
};

/// What the library may not find out by itself; filled by the app (or a test).
struct Environment {
  FileSystem* fs = &posix_file_system();
  const CancelToken* cancel = nullptr;
  Progress* progress = nullptr;                    // counters the app samples
  std::function<void(Warning)> warn;               // any thread
  std::function<void(const std::string&)> on_wait; // who is waited for, after 2 s
  std::string command;                             // command line, for locks, sessions and the oplog
  Identity default_identity;                       // login name and login@hostname
  std::int64_t now_seconds = 0;
  std::optional<std::int64_t> source_date_epoch;
  std::uint64_t lock_timeout_ms = 60000;
  bool root = false;                               // effective uid 0
  std::string user_ignore_file;                    // the user's rules for all repositories; "" is none
};

/// An open repository with its settings, and its working tree if it has one. One command, one workspace.
class Workspace {
 public:
  /// `repository` as given or found (find_repository). Creates nothing; finishes a move of refs that was interrupted half-way.
  Workspace(Environment environment, Settings settings, const std::string& repository);

  const Environment& env() const { return environment_; }
  const Settings& settings() const { return settings_; }
  const Repository& repository() const { return repository_; }
  RefStore refs() const { return RefStore(repository_); }
  /// Lookup of objects; opened on first use.
  ObjectStore& objects() const;
  bool has_worktree() const { return static_cast<bool>(worktree_fd_); }
  /// Descriptor and absolute path of the working tree's root. Error{no_worktree} for a bare repository.
  int worktree_fd() const;
  const std::string& worktree_path() const;
  LockWait lock_wait() const;
  unsigned threads() const { return threads_; }
  void warn(std::string kind, std::string message) const;
  void check_cancelled() const;

 private:
  Environment environment_;
  Settings settings_;
  unsigned threads_;
  ThreadLimit thread_limit_;
  Repository repository_;
  std::string worktree_path_;
  UniqueFd worktree_fd_;
  mutable std::unique_ptr<ObjectStore> objects_;
};

/// The repository that `start` (an absolute directory) belongs to: itself, or the nearest `.store` upward.
/// `explicit_path`: --repo or STORE_DIR: a folder that contains `.store`, or the repository itself.
/// Error{no_repository}; Error{permission} for one that may not be looked into, and with the hint of cli contract §3 for a discovered one of another owner that is not in
/// `safe_directories` ("*" allows all; `allowed_uids`: the effective one, and for root SUDO_UID's).
struct FoundRepository {
  std::string path;  // absolute path of the repository folder
  bool bare = false;
};
FoundRepository find_repository(const std::string& start, const std::optional<std::string>& explicit_path,
                                const std::vector<std::string>& safe_directories,
                                const std::vector<unsigned>& allowed_uids);

}  // namespace store
