#pragma once

#include <string>
#include <vector>

#include "ops/add.h"
#include "worktree/index.h"

namespace store {

/// Takes paths off that are ignored and not tracked, unless all are to be added; they are reported.
void leave_out_ignored(const Workspace& workspace, const Index& index, AddOptions& options,
                       std::vector<IgnoredPath>& ignored);

/// The paths, resolved before anything is staged: one that is neither on disk nor tracked is Error{not_found} (from a file list: left out
/// and reported). So is, always, one that may not be looked at.
void check_paths_exist(int root_fd, const Index& index, AddOptions& options, std::vector<PathFailure>& failed);

}  // namespace store
