#pragma once

#include <optional>

#include "ops/workspace.h"

namespace store {

/// What a commit holds that no earlier commit does.
struct NewContent {
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;         // unique, before compression
  std::uint64_t stored_bytes = 0;  // of all packs published since the commit before
};

/// Counts the chunks that `tree` has and `parent_tree` has not, among those published since the last layer of another commit:
/// content that was staged meanwhile and dropped again does not count. Over a million chunk references (16 MB) the layers'
/// own figures are taken, which count such content too. The commit's own layer must be published.
NewContent new_content(const Workspace& workspace, const ObjectId& commit, const ObjectId& tree,
                       const std::optional<ObjectId>& parent_tree);

}  // namespace store
