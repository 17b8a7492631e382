#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ops/merge_decision.h"
#include "ops/tree_reader.h"
#include "repo/publisher.h"

namespace store {

struct MergeInputs {
  std::optional<ObjectId> base;  // trees; nothing: the empty one
  std::optional<ObjectId> ours;
  ObjectId theirs;
  std::string our_label;         // of PATH~LABEL
  std::string their_label;
  /// Whether a name that is in neither tree can be given to this entry; nothing: any can.
  std::function<bool(const std::string& path, const TreeEntry& entry)> is_free = {};
  std::function<void()> on_step = {};  // called for every name that is looked at
};

struct TreeMerge {
  ObjectId tree;  // with ours (DU: theirs) at each conflict, and the files that made room for a directory
  std::vector<ConflictRecord> conflicts;  // in path order
};

/// Three-way merge of trees by entry, as decide_merge() says. What is equal on two sides is taken over by its id and not entered;
/// content is neither read nor copied. New tree nodes go to `writer`; without one, they are only computed.
/// For UU and AA, `beside` is where the caller may put theirs. Memory: the conflicts, and some nodes for each level.
TreeMerge merge_trees(const ObjectReader& objects, ObjectWriter* writer, const MergeInputs& inputs);

}  // namespace store
