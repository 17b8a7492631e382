#pragma once

#include "base/error.h"
#include "worktree/index.h"
#include "worktree/pathspec.h"

namespace store {

/// Error{not_found} for a path that does not exist, with the nearest name as candidate and hint: of the deepest directory on
/// its way that does exist, what is tracked there, and with a `root_fd` other than -1 what is on disk there. At most some
/// thousands of names of either are compared. The name is given as the path was, from the same directory. A pattern has none.
Error unknown_path(const Index& index, int root_fd, const Pathspec& spec, std::string message);

}  // namespace store
