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

/// Killed checkouts, ours to clean up now.
struct Interrupted {
  std::vector<DeadSession> sessions;
  bool wrote = false;  // one of them had begun to
  /// One of them was a checkout of the same commit under which the machine went down: files may be there in part.
  bool power_lost = false;
  Rewrites rewrites;
  /// What those that were the same command to the same commit had found and were about to discard.
  std::vector<JournalDiscarded> discarded;
};
Interrupted find_interrupted(const Repository& repository, const ObjectId& commit, const std::string& operation);
/// What tells runs of the same command to the same commit, whatever their words (-q, -C, another working directory) were. `kind`:
/// "checkout", "undo" or "merge".
std::string operation_of(std::string_view kind, const CheckoutOptions& options);
/// True if a checkout of this commit was killed after it had begun to write.
bool was_writing(const Repository& repository, const ObjectId& commit);

/// True if every stretch of the file is one of the two contents, and beyond the shorter one perhaps zeros that were not written
/// over yet: nobody but the rewriting has written to it. Reads the file; of the contents, what is in doubt.
bool is_half_written(const Workspace& workspace, const ScanEntry& found, const JournalRewrite& rewrite);

/// Removes the sessions; but not those that tell of a half written file that is still there and not among `decided`.
void remove_interrupted(const Workspace& workspace, std::vector<DeadSession> sessions, const std::set<std::string>& decided);

/// Or a power loss brings the journal of a finished checkout back, and the next one believes it.
void sync_sessions(const Repository& repository);

/// Removes temporaries that a killed checkout left in a directory of the target, but nothing of which `is_content(path)` says that
/// it only has such a name. Only while nobody else writes there.
using IsContent = std::function<bool(const std::string& path)>;
void remove_temporaries(FileSystem& fs, int target_fd, const std::string& directory, const IsContent& is_content);

}  // namespace store
