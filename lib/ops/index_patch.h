#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/path.h"
#include "format/tree.h"
#include "ops/workspace.h"
#include "worktree/index.h"

namespace store {

/// A handful of changes to the index, gathered in any order and written as one batch: directories above a change lose their known
/// tree, missing ones are made. The caller holds the index lock. Memory: some 200 bytes a change.
class IndexPatch {
 public:
  IndexPatch(const Workspace& workspace, Index& index) : workspace_(workspace), index_(index) {}

  void put(IndexEntry entry);
  /// As put(), without a known stat: `status` will look at the file.
  void put(const std::string& path, const TreeEntry& entry);
  /// The path itself; of a directory that holds more, the caller removes the rest, too.
  void remove(const std::string& path);
  /// A directory, unless something in it stays.
  void remove_if_emptied(const std::string& directory) {
    if (is_emptied(directory)) remove(directory);
  }
  /// Removes directories that the removals so far leave without content, outwards, but for those that `stays(directory)`.
  void remove_emptied(const std::function<bool(const std::string&)>& stays = {});
  bool empty() const { return changes_.empty(); }
  void commit();

 private:
  using Changes = std::map<std::string, std::optional<IndexEntry>, PathLess>;
  bool is_emptied(const std::string& directory) const;
  void touch_above();

  const Workspace& workspace_;
  Index& index_;
  Changes changes_;
};

}  // namespace store
