#pragma once

#include "format/journal.h"
#include "format/merge_record.h"
#include "ops/status_list.h"
#include "ops/workspace.h"
#include "worktree/pathspec.h"

namespace store {

struct StatusOptions {
  std::vector<Pathspec> paths;
  bool all_untracked = false;      // list files instead of collapsing directories
  bool ignored = false;            // list what the ignore rules hide
};
struct StatusResult {
  std::string branch;  // "main", "" when detached
  std::optional<ObjectId> head;
  StatusList staged;
  StatusList unstaged;
  StatusList untracked;  // change = added
  StatusList ignored;    // change = added
  /// Conflicts of `merge` that are open; they are in no other list.
  StatusList conflicted;
  std::vector<MergeConflict> conflicts;  // of each entry of `conflicted`
  std::optional<MergeRecord> merge;      // the merge in progress
  std::optional<SessionInfo> interrupted;
  std::vector<PathFailure> failed;
};
/// One stat per unchanged file, racily clean entries are read. Refreshes the index if its lock is free; works in a read-only
/// repository.
StatusResult status(Workspace& workspace, const StatusOptions& options);

}  // namespace store
