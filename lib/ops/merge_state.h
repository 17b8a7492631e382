// A merge that waits for its commit. That there is one is a ref, k_merge_ref, which names the other side's commit: so the oplog
// knows of it, undo takes it back, and what it needs is kept. Which conflicts are open is in the file `merge`, written before any
// file is; it counts only for the two commits that it names. Without it, every conflict that the commits have is open.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "format/merge_record.h"
#include "ops/status_list.h"
#include "ops/workspace.h"

namespace store {

inline constexpr char k_merge_ref[] = "refs/merge/theirs";

/// The merge in progress; nothing if there is none.
std::optional<MergeRecord> pending_merge(const Workspace& workspace);

/// One that was killed before it could wait, if it may have touched files; nothing if HEAD has moved since.
std::optional<MergeRecord> killed_merge(const Workspace& workspace);

/// Durable on return. The caller holds the index lock.
void write_merge_record(const Workspace& workspace, const MergeRecord& record);

/// The conflicts that `is(path)` says are settled now. The caller holds the index lock.
void resolve_conflicts(const Workspace& workspace, const std::function<bool(const std::string& path)>& is);

/// Paths of conflicts that are open, in path order.
std::vector<std::string> open_conflicts(const MergeRecord& record);

/// Error{conflict} with the way out if a merge is in progress.
void refuse_while_merging(const Workspace& workspace);

/// How `conflicts` of JSON call it: modified (UU), added (AA), deleted (DU, UD), typechange (a file against a directory).
Change change_of(MergeConflict conflict);
/// "UU", "AA", "DU" or "UD".
std::string_view letters_of(MergeConflict conflict);

}  // namespace store
