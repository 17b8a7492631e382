#pragma once

#include "ops/size_classes.h"
#include "ops/tree_changes.h"
#include "worktree/index.h"

namespace store {

/// Index → working tree for tracked paths, one change at a time in path order. An unchanged file costs one stat; a changed one is
/// read, so that `after` has its id. One thread.
class WorktreeChanges {
 public:
  WorktreeChanges(const Workspace& workspace, const Index& index, const PathspecSet& paths);
  /// Nothing at the end.
  std::optional<ListedChange> next();
  /// What could not be looked at so far; such paths are no changes.
  std::vector<PathFailure> failures() const;

 private:
  std::optional<ListedChange> missing(const IndexEntry& tracked) const;
  std::optional<ListedChange> compare(const ScanEntry& found, const IndexEntry& tracked);
  std::optional<TreeEntry> entry_of(const ScanEntry& found, const IndexEntry& tracked);

  const Workspace& workspace_;
  const PathspecSet& paths_;
  SizeClasses classes_;
  Scanner scanner_;
  Index::Cursor tracked_;
  std::optional<ScanEntry> found_;
  std::vector<PathFailure> failed_;
};

}  // namespace store
