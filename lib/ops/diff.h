#pragma once

#include "ops/recipe_diff.h"
#include "ops/tree_changes.h"
#include "ops/workspace.h"

namespace store {

/// One side of a diff.
struct DiffSide {
  enum class Kind { tree, index, worktree };
  Kind kind = Kind::tree;
  std::optional<ObjectId> tree = {};  // of Kind::tree; nothing is the empty one
};

/// The changes from `before` to `after` in path order, with renames: tree → tree, tree → index, tree → worktree or
/// index → worktree. Of the working tree only tracked paths count; a file is read only if its stat differs from what is
/// staged. Returns what could not be read. Memory: as TreeDiff and Scanner, and the candidates for renames.
std::vector<PathFailure> diff(Workspace& workspace, const DiffSide& before, const DiffSide& after,
                              const std::vector<Pathspec>& paths, const std::function<void(const ListedChange&)>& visit);

/// Which ranges of a modified regular file changed. A file of the working tree is read for that, stored ones are not.
RecipeDiff changed_ranges(Workspace& workspace, const DiffSide& after, const ListedChange& change);
/// How many bytes: of each range the longer side; of everything else as changed_bytes(objects, change).
std::uint64_t changed_bytes(Workspace& workspace, const DiffSide& after, const ListedChange& change);

/// The content of one side of a file or symlink; nothing if it is longer than `limit`.
std::optional<std::string> content_of(Workspace& workspace, const DiffSide& side, const std::string& path,
                                      const TreeEntry& entry, std::uint64_t limit);

}  // namespace store
