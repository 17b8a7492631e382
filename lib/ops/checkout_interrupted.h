// What killed checkouts of this working tree left. Private to ops.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "ops/checkout.h"
#include "ops/workspace.h"
#include "repo/session.h"

namespace store {

/// Large files that were being rewritten in place, by path: from which content to which.
using Rewrites = std::multimap<std::string, JournalRewrite>;

/// What a killed command had discarded, and nothing else in the oplog tells of.
struct LeftBehind {
  JournalTarget target;
  JournalDiscarded discarded;
  std::string command;  // its command line
};

/// Killed checkouts, ours to clean up now.
struct Interrupted {
  JournalTarget target;  // as this run is about to say it
  std::vector<DeadSession> sessions;
  bool wrote = false;  // one of them had begun to
  /// One of them was a checkout of the same commit under which the machine went down: files may be there in part.
  bool power_lost = false;
  Rewrites rewrites;
  /// What those that were the same command to the same commit had found and were about to discard.
  std::vector<JournalDiscarded> discarded;
  /// The same of other commands.
  std::vector<LeftBehind> others;
};
Interrupted find_interrupted(const Workspace& workspace, const ObjectId& commit, const std::string& operation);
/// What tells runs of the same command to the same commit, whatever their words (-q, -C, another working directory) were. `kind`:
/// "checkout", k_undo_operation or "merge".
inline constexpr std::string_view k_undo_operation = "undo";
/// Of a move over files that are there. It tells its whole journal before it begins: nobody goes on with it.
inline constexpr std::string_view k_move_operation = "mv";
std::string operation_of(std::string_view kind, const CheckoutOptions& options);
/// True if a checkout of this commit was killed after it had begun to write.
bool was_writing(const Repository& repository, const ObjectId& commit);

/// True if every stretch of the file is one of the two contents, and beyond the shorter one perhaps zeros that were not written
/// over yet: nobody but the rewriting has written to it. Reads the file; of the contents, what is in doubt.
bool is_half_written(const Workspace& workspace, const ScanEntry& found, const JournalRewrite& rewrite);

/// True if there is something that was discarded, and nobody can take it back by the oplog.
bool is_left_behind(const Workspace& workspace, const JournalDiscarded& discarded);
/// Removes the sessions; but not those that tell of a half written file that is still there and not among `decided`.
void remove_interrupted(const Workspace& workspace, std::vector<DeadSession> sessions, const std::set<std::string>& decided);

/// Or a power loss brings the journal of a finished checkout back, and the next one believes it.
void sync_sessions(const Repository& repository);

/// Removes temporaries that a killed checkout left in a directory of the target, but nothing of which `is_content(path)` says that
/// it only has such a name. Only while nobody else writes there.
using IsContent = std::function<bool(const std::string& path)>;
void remove_temporaries(FileSystem& fs, int target_fd, const std::string& directory, const IsContent& is_content);

}  // namespace store
