#include "repo/node_cursor.h"

namespace store {

NodeCursor::NodeCursor(const ObjectReader& objects, const ObjectKey& root, const Pick& pick)
    : objects_(&objects), type_(root.type), sequence_(root.type) {
  frames_.push_back(load(root.id));
  count_ = frames_.back().node.count;
  bytes_ = frames_.back().node.bytes;
  go_down(pick);
}

/// read() checks the bytes against the id.
NodeCursor::Frame NodeCursor::load(const ObjectId& id) const {
  Frame frame;
  frame.bytes = objects_->read({type_, id});
  frame.node = decode_node(type_, frame.bytes);
  return frame;
}

void NodeCursor::push_child() {
  const Frame& parent = frames_.back();
  const UpperEntry entry = decode_upper_entry(type_, parent.node.entries[parent.position]);
  Frame child = load(entry.id);
  check_child(parent.node, entry, child.node);
  frames_.push_back(std::move(child));
}

/// From the node just entered to a leaf's entry. Levels fall by one each step, so this ends.
void NodeCursor::go_down(const Pick& pick) {
  for (;;) {
    Frame& frame = frames_.back();
    if (frame.node.level == 0) sequence_.check(frame.node);
    frame.position = pick ? pick(frame.node) : 0;
    if (!leave_finished_nodes()) return;
    if (frames_.back().node.level == 0) return;
    push_child();
  }
}

/// Steps out of nodes that have no entry left and on to the next one; false at the end.
bool NodeCursor::leave_finished_nodes() {
  while (frames_.back().position >= frames_.back().node.entries.size()) {
    frames_.pop_back();
    if (frames_.empty()) return false;
    ++frames_.back().position;
  }
  return true;
}

void NodeCursor::next() {
  ++frames_.back().position;
  if (!leave_finished_nodes() || frames_.back().node.level == 0) return;
  push_child();
  go_down({});
}

}  // namespace store
