#pragma once

#include <functional>
#include <optional>
#include <string>

#include "format/tree.h"
#include "ops/entry_sorter.h"
#include "ops/workspace.h"
#include "worktree/index.h"

namespace store {

/// Changes to the index, gathered in any order and written as one batch: directories above a change lose their known tree, missing
/// ones are made, and what is below a file goes. The caller holds the index lock. Memory is bounded but for the directories above
/// the changes: their names, and some bytes each.
class IndexPatch {
 public:
  IndexPatch(const Workspace& workspace, const Session& session, Index& index);

  void put(IndexEntry entry);
  /// As put(), without a known stat: `status` will look at the file.
  void put(const std::string& path, const TreeEntry& entry);
  /// The path itself; a directory stays if something in it does.
  void remove(const std::string& path);
  /// Directories that the removals leave without content go too, outwards, but for those that `stays(directory)`.
  void remove_emptied(std::function<bool(const std::string&)> stays = [](const std::string&) { return false; });
  bool empty() const { return changes_.empty(); }
  void commit();

 private:
  const Workspace& workspace_;
  Index& index_;
  EntrySorter changes_;  // a removal is an entry as no index has one
  std::function<bool(const std::string&)> stays_;  // none: directories go only by remove()
};

}  // namespace store
