#include "ops/add.h"

#include "ops/staging.h"

namespace store {

AddResult add(Workspace& workspace, const AddOptions& options) {
  workspace.worktree_fd();  // refuses a bare repository before anything is locked
  WriteAccess access(workspace);
  AddResult result = stage(workspace, access, options);
  if (!options.dry_run) access.finish();
  return result;
}

}  // namespace store
