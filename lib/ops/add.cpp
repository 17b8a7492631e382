#include "ops/add.h"

#include "ops/staging.h"

namespace store {

AddResult add(Workspace& workspace, const AddOptions& options) {
  workspace.worktree_fd();  // refuses a bare repository before anything is locked
  WriteAccess access(workspace, options.dry_run ? Writes::no : Writes::yes);
  AddResult result = stage(workspace, access, options);
  access.finish();
  return result;
}

}  // namespace store
