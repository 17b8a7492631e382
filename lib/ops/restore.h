#pragma once

#include "ops/checkout.h"
#include "ops/status_list.h"

namespace store {

struct PutBackOptions {
  std::vector<Pathspec> paths;
  std::optional<Revision> source;  // instead of what is staged; with `staged`, instead of HEAD
  bool staged = false;             // the index, not the files
};
/// cli contract `restore`: puts files back as they are staged (or in `source`), or what is staged as in HEAD. What is discarded is
/// stored first. Error{not_found} for a path that matches nothing.
CheckoutResult restore(Workspace& workspace, const PutBackOptions& options);

struct RemoveOptions {
  std::vector<Pathspec> paths;
  bool recursive = false;  // a directory may be named
  bool cached = false;     // the index only
  bool force = false;      // modified content, too
};
/// cli contract `rm`: takes tracked paths out of index and working tree, with the directories that this empties, and returns
/// them. Error{conflict} listing what would be lost, Error{usage} for a directory, unless allowed.
struct RemoveResult {
  StatusList paths;  // an empty directory is one, too
  std::vector<PathFailure> failed;
};
RemoveResult remove_paths(Workspace& workspace, const RemoveOptions& options);

struct MoveOptions {
  std::vector<std::string> sources;  // from the root, tracked; a trailing slash: only a directory will do
  std::string target;                // a directory, or a new name for one source
  bool force = false;                // over a file that is there
};
/// cli contract `mv`: gives tracked paths another place, in index and working tree; returns the new ones.
RemoveResult move_paths(Workspace& workspace, const MoveOptions& options);

}  // namespace store
