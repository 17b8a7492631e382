#pragma once

#include <functional>
#include <optional>

#include "ops/tree_changes.h"
#include "repo/object_store.h"
#include "worktree/index.h"

namespace store {

/// Tree (no id: the empty one) against index, in path order; a directory whose tree id the index knows and that is the same is
/// never entered. Directories are listed when their mode changed, or when they are empty and were added or deleted.
void for_each_staged_change(const ObjectReader& objects, const std::optional<ObjectId>& tree, const Index& index,
                            const std::function<void(const ListedChange&)>& visit);

}  // namespace store
