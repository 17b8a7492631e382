#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ops/status.h"

namespace store {

/// Compares the working tree with a tree, reading every file: a stat proves nothing here. Names, types, permissions and
/// content count, as for `status`; what is in the working tree, not in the tree and not ignored, is `added`. Differences come in
/// path order while they are found. Returns what could not be read, of which it is not known whether it differs.
std::vector<PathFailure> verify_worktree(Workspace& workspace, const ObjectId& tree,
                                         const std::function<void(const std::string& path, Change change)>& differs);

}  // namespace store
