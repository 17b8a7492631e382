#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/journal.h"
#include "repo/repository.h"

namespace store {

/// Appends to a journal; buffered, flushed every 64 KiB and on flush(). Never synced: see format/journal.h.
/// One thread at a time.
class JournalWriter {
 public:
  JournalWriter(FileSystem& fs, UniqueFd fd, std::uint64_t offset, std::string name);
  void append(const JournalRecord& record);
  void flush();
  /// flush(), and what was appended survives power loss, if the folder does (Session::sync_journal).
  void sync();

 private:
  FileSystem& fs_;
  UniqueFd fd_;
  std::uint64_t offset_;
  std::string name_;
  Bytes pending_;
};

/// This process, now.
SessionInfo describe_process(const std::string& command);
/// "pid 12 on host: store add ., since 2024-05-01T12:00:00Z".
std::string describe(const SessionInfo& session);

/// A process's presence in the repository: the shared repo lock and `sessions/<random>/`, whose `info` is locked for
/// as long as the process lives. Movable; the destructor removes the folder only after remove() was not needed:
/// a session that is destroyed while unwinding from an error keeps its journal and pack for adoption.
/// It must not outlive its repository. One thread at a time.
class Session {
 public:
  /// Enters: gate, repo (shared), folder. Without permission to write, or with a full disk, only the locks are taken.
  static Session open(const Repository& repository, const std::string& command, const LockWait& wait);

  /// -1 if the repository is not writable. Throws what refused the folder (a full disk), which only a writer asks for.
  int directory_fd() const;
  const std::string& name() const { return name_; }
  /// Creates `journal` in the folder, with its header. Error{permission} without a folder.
  JournalWriter create_journal() const;
  /// The journal and its name survive power loss from here on.
  void sync_journal(JournalWriter& journal) const;
  /// The work is published: removes the folder and everything in it. Never throws for a missing file.
  void remove();

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  /// Removes the folder if nothing but `info` is in it.
  ~Session();

 private:
  Session() = default;
  bool try_make_folder(const SessionInfo& self);
  void leave() noexcept;
  const Repository* repository_ = nullptr;
  Lock repo_lock_;
  std::string name_;
  UniqueFd directory_;
  UniqueFd info_;
  std::optional<Error> refused_;
};

/// A session whose process is gone, now locked by us: its journal and pack can be taken over.
struct DeadSession {
  std::string name;
  UniqueFd directory;
  UniqueFd info;
  std::optional<SessionInfo> about;
};

/// Locks every unlocked session folder (they are dead). Empty ones are removed on the way. Several processes may do
/// this at once: each dead session goes to one of them.
std::vector<DeadSession> adopt_dead_sessions(const Repository& repository);
/// Looks without locking for good: dead sessions that left work behind (for `status`).
std::vector<SessionInfo> interrupted_sessions(const Repository& repository);
/// The live ones: who holds the repository (messages of exit 11).
std::vector<SessionInfo> live_sessions(const Repository& repository);
std::vector<SessionInfo> live_sessions(int repository_fd);
/// Removes an adopted session's folder.
void remove_session(const Repository& repository, DeadSession session);
/// Every readable record of a session's journal, in order, up to its first flaw.
void read_journal(const DeadSession& session, const std::function<void(JournalRecord&&)>& visit);

}  // namespace store
