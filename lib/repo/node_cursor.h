#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "repo/object_store.h"

namespace store {

/// The level-0 entries of a list object (tree, recipe, attributes), in order, node by node. Every node is checked against
/// its id, its parent's entry and the leaf before it: hostile bytes end in Error{corrupt}. Memory: one node a level, and
/// a node has at most 512 entries and there are at most 16 levels. One thread at a time.
class NodeCursor {
 public:
  /// Chooses where to go in a node on the way down: an index, or the number of entries to go on behind the node.
  using Pick = std::function<std::size_t(const Node&)>;

  /// Starts at the first entry, or where `pick` leads.
  NodeCursor(const ObjectReader& objects, const ObjectKey& root, const Pick& pick = {});
  NodeCursor(NodeCursor&&) noexcept = default;
  NodeCursor& operator=(NodeCursor&&) noexcept = default;

  bool at_end() const { return frames_.empty(); }
  /// The encoded entry; valid until next().
  ByteView entry() const { return frames_.back().node.entries[frames_.back().position]; }
  void next();
  /// If both stand at the first entry of nodes that are the same, both go on behind all such nodes, which are not read.
  /// Returns the content bytes passed, nothing if neither moved.
  static std::optional<std::uint64_t> skip_shared(NodeCursor& a, NodeCursor& b);
  /// Totals of the root node.
  std::uint64_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Frame {
    ObjectId id;
    Bytes bytes;
    Node node;  // views into bytes
    std::size_t position = 0;
  };
  Frame load(const ObjectId& id) const;
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
