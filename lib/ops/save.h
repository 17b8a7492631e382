#pragma once

#include "ops/commit.h"

namespace store {

struct SaveOptions {
  std::string path;       // absolute: a directory, whose content becomes the tree, or a file. "": streams
  AddOptions add;         // exclusions, and the streams
  CommitOptions commit;   // message, author, date, meta, skip_if_unchanged
  std::string branch;     // "nightly"
  std::optional<std::string> tag = {};
  bool strict = false;    // no commit if anything failed
};

/// Commits a directory, a file or streams to a branch without index and working tree, in one step: any number at once, to the same
/// branch and to others. The branch is made if it is missing. Error{conflict} if it is checked out in a working tree, Error{exists}
/// if the tag is there. If the branch moves meanwhile, the commit is made again on its new tip for as long as locks are waited for.
/// `committed` is false for an unchanged tree with `skip_if_unchanged`, for `strict` with failures, and for a stream that failed.
CommitResult save(Workspace& workspace, const SaveOptions& options);

}  // namespace store
