// What killed checkouts of this working tree left. Private to ops.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <unordered_set>

#include "ops/workspace.h"
#include "repo/session.h"

namespace store {

/// Large files that were being rewritten in place, by path: from which content to which.
using Rewrites = std::multimap<std::string, JournalRewrite>;

/// Killed checkouts, ours to clean up now.
struct Interrupted {
  std::vector<DeadSession> sessions;
  /// Finished files of a checkout of the same commit that were not synced when the machine went down: whatever they hold is not
  /// the user's work.
  std::unordered_set<std::string> unsynced;
  Rewrites rewrites;
};
Interrupted find_interrupted(const Repository& repository, const ObjectId& commit);

/// True if every stretch of the file is one of the two contents, and beyond the shorter one perhaps zeros that were not written
/// over yet: nobody but the rewriting has written to it. Reads the file; of the contents, what is in doubt.
bool is_half_written(const Workspace& workspace, const ScanEntry& found, const JournalRewrite& rewrite);

/// Removes the sessions; but not those that tell of a half written file that is still there and not among `decided`.
void remove_interrupted(const Workspace& workspace, std::vector<DeadSession> sessions, const std::set<std::string>& decided);

/// Removes temporaries that a killed checkout left in a directory of the target, but nothing of which `is_content(path)` says that
/// it only has such a name. Only while nobody else writes there.
using IsContent = std::function<bool(const std::string& path)>;
void remove_temporaries(FileSystem& fs, int target_fd, const std::string& directory, const IsContent& is_content);

}  // namespace store
