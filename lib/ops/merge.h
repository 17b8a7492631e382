#pragma once

#include "format/merge_record.h"
#include "ops/checkout.h"
#include "ops/commit.h"

namespace store {

struct MergeOptions {
  Revision revision;
  std::string name;             // REV as given
  bool no_ff = false;           // a commit even if HEAD could just be moved
  bool unrelated = false;       // also without a common ancestor
  std::string message = {};     // of the commit; "": "Merge branch 'x'"
};
struct MergeResult {
  std::optional<ObjectId> id;   // where HEAD is now; nothing while conflicts wait
  bool fast_forward = false;
  bool up_to_date = false;
  std::vector<ConflictRecord> conflicts;  // in path order
  CheckoutResult files;
  ChangeSummary changes;        // against HEAD as it was
};
/// cli contract `merge`. Conflicts are no error here: they are in the result, and the merge waits for `commit` or abort_merge().
/// Error{conflict} if something is staged, listing it, if local changes or untracked files are in the way, listing them, while another merge
/// waits, and for histories without a common ancestor. Killed at any moment, it is finished by the same call.
/// Three-way: the base is the first of merge_bases(); merge_trees() decides; one record in the oplog covers refs, index and files.
MergeResult merge(Workspace& workspace, const MergeOptions& options);

/// Tree and index as they were before the merge that waits, or before one that was killed. What was done to the files since is stored first, and undo brings it
/// back. Error{conflict} if no merge is in progress.
CheckoutResult abort_merge(Workspace& workspace);

/// The tree of the files that the merge put where HEAD has none: beside its conflicts, and those that ours had deleted.
ObjectId merge_besides(Workspace& workspace);

}  // namespace store
