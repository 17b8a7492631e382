#pragma once

#include <functional>
#include <optional>

#include "ops/status_list.h"
#include "ops/workspace.h"
#include "worktree/index.h"
#include "worktree/pathspec.h"

namespace store {

/// HEAD's tree (nothing: the empty one) against the index, in path order, with renames, within the pathspecs: half of a rename,
/// the other half of which was not asked for, is a change of its own. Without the paths that `leave_out` names.
StatusList staged_list(const Workspace& workspace, const std::optional<ObjectId>& tree, const Index& index,
                       const PathspecSet& pathspecs, const std::function<bool(const std::string&)>& leave_out);

}  // namespace store
