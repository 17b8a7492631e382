#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ops/status.h"
#include "repo/object_store.h"
#include "worktree/index.h"

namespace store {

/// A difference between a tree and the index.
struct StagedChange {
  std::string path;
  Change change{};
  bool directory = false;
  EntryKind kind{};     // of the new side, or of the deleted one
  std::uint64_t size = 0;
  ObjectId id;
  /// Files of non-empty content take part in rename detection.
  bool renameable() const { return is_regular(kind) && size != 0; }
};

/// Tree (no id: the empty one) against index, in path order; a directory whose tree id the index knows and that is the same is
/// never entered. Directories are listed when their mode changed, or when they are empty and were added or deleted.
void for_each_staged_change(const ObjectReader& objects, const std::optional<ObjectId>& tree, const Index& index,
                            const std::function<void(const StagedChange&)>& visit);

}  // namespace store
