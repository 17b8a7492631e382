#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "repo/stored_node.h"

namespace store {

/// The level-0 entries of a list object (tree, recipe, attributes), in order, node by node. Every node is checked against
/// its id, its parent's entry and the leaf before it: hostile bytes end in Error{corrupt}. Memory: one node a level, and
/// a node has at most 512 entries and there are at most 16 levels. One thread at a time.
class NodeCursor {
 public:
  /// Chooses where to go in a node on the way down: an index, or the number of entries to go on behind the node.
  using Pick = std::function<std::size_t(const StoredNode&)>;

  /// Starts at the first entry, or where `pick` leads.
  NodeCursor(const ObjectReader& objects, const ObjectKey& root, const Pick& pick = {});
  NodeCursor(NodeCursor&&) noexcept = default;
  NodeCursor& operator=(NodeCursor&&) noexcept = default;

  bool at_end() const { return frames_.empty(); }
  /// The entry, of the root's type.
  TreeEntry tree_entry() const { return frames_.back().node.tree_entry(frames_.back().position); }
  RecipeEntry recipe_entry() const { return frames_.back().node.recipe_entry(frames_.back().position); }
  Attributes attributes() const { return frames_.back().node.attributes(frames_.back().position); }
  void next();
  /// If both stand at the first entry of nodes that are the same, both go on behind all such nodes, which are not read.
  /// Returns the content bytes passed, nothing if neither moved.
  static std::optional<std::uint64_t> skip_shared(NodeCursor& a, NodeCursor& b);
  /// Totals of the root node.
  std::uint64_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Frame {
    StoredNode node;
    std::size_t position = 0;
  };
  void go_down(const Pick& pick);
  void push_child();
  bool leave_finished_nodes();
  void leave(std::size_t frames);
  void settle();

  const ObjectReader* objects_;
  ObjectType type_;
  std::vector<Frame> frames_;  // root first; empty at the end
  LeafSequence sequence_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace store
