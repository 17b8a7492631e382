#include "repo/node_cursor.h"

#include <algorithm>

namespace store {

NodeCursor::NodeCursor(const ObjectReader& objects, const ObjectKey& root, const Pick& pick)
    : objects_(&objects), type_(root.type), sequence_(root.type) {
  frames_.push_back({StoredNode(objects, root)});
  count_ = frames_.back().node.node().count;
  bytes_ = frames_.back().node.node().bytes;
  go_down(pick);
}

void NodeCursor::push_child() {
  const Frame& parent = frames_.back();
  const UpperEntry entry = parent.node.upper_entry(parent.position);
  StoredNode child(*objects_, {type_, entry.id});
  check_child(parent.node.node(), entry, child.node());
  frames_.push_back({std::move(child)});
}

/// From the node just entered to a leaf's entry. Levels fall by one each step, so this ends.
void NodeCursor::go_down(const Pick& pick) {
  for (;;) {
    Frame& frame = frames_.back();
    if (frame.node.level() == 0) frame.node.check_in(sequence_);
    frame.position = pick ? pick(frame.node) : 0;
    if (!leave_finished_nodes()) return;
    if (frames_.back().node.level() == 0) return;
    push_child();
  }
}

/// Steps out of nodes that have no entry left and on to the next one; false at the end.
bool NodeCursor::leave_finished_nodes() {
  while (frames_.back().position >= frames_.back().node.size()) {
    frames_.pop_back();
    if (frames_.empty()) return false;
    ++frames_.back().position;
  }
  return true;
}

void NodeCursor::next() {
  ++frames_.back().position;
  if (leave_finished_nodes()) settle();
}

/// From the entry of an upper node to the first leaf below it.
void NodeCursor::settle() {
  if (frames_.empty() || frames_.back().node.level() == 0) return;
  push_child();
  go_down({});
}

/// Goes on behind the innermost `frames` nodes; an upper node's entry may be next.
void NodeCursor::leave(std::size_t frames) {
  frames_.erase(frames_.end() - static_cast<std::ptrdiff_t>(frames), frames_.end());
  sequence_.skipped();
  if (frames_.empty()) return;
  ++frames_.back().position;
  leave_finished_nodes();
}

std::optional<std::uint64_t> NodeCursor::skip_shared(NodeCursor& a, NodeCursor& b) {
  const auto innermost = [](const NodeCursor& cursor, std::size_t depth) -> const Frame& {
    return cursor.frames_[cursor.frames_.size() - depth];
  };
  std::size_t same = 0;  // frames, counted from the leaves: the largest node that both are at the start of
  for (std::size_t depth = 1; depth <= std::min(a.frames_.size(), b.frames_.size()); ++depth) {
    if (innermost(a, depth).position != 0 || innermost(b, depth).position != 0) break;
    if (innermost(a, depth).node.key() == innermost(b, depth).node.key()) same = depth;
  }
  if (same == 0) return {};
  std::uint64_t bytes = innermost(a, same).node.node().bytes;
  a.leave(same);
  b.leave(same);
  // Children that are still to be read: what their parents say of them is enough.
  while (!a.at_end() && !b.at_end()) {
    Frame& x = a.frames_.back();
    Frame& y = b.frames_.back();
    if (x.node.level() != y.node.level() ||
        !std::ranges::equal(x.node.node().entries[x.position], y.node.node().entries[y.position]))
      break;
    bytes += x.node.upper_entry(x.position).bytes;
    ++x.position;
    ++y.position;
    a.leave_finished_nodes();
    b.leave_finished_nodes();
  }
  a.settle();
  b.settle();
  return bytes;
}

}  // namespace store
