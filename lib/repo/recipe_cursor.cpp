#include "repo/recipe_cursor.h"

#include "base/error.h"

namespace store {
namespace {

/// Content bytes of one entry of a node of any level.
std::uint64_t length_of(const StoredNode& node, std::size_t index) {
  return node.level() > 0 ? node.upper_entry(index).bytes : node.recipe_entry(index).length;
}

/// Leads to the entry that holds `wanted`; `passed` collects the bytes before it.
NodeCursor::Pick pick_offset(std::uint64_t wanted, std::uint64_t& passed) {
  return [wanted, &passed](const StoredNode& node) {
    std::size_t index = 0;
    for (; index < node.size(); ++index) {
      const std::uint64_t length = length_of(node, index);
      if (wanted - passed < length) break;
      passed += length;
    }
    return index;
  };
}

}  // namespace

RecipeCursor::RecipeCursor(const ObjectReader& objects, const ObjectId& recipe, std::uint64_t offset)
    : nodes_(objects, {ObjectType::recipe, recipe}, pick_offset(offset, offset_)) {
  load();
}

void RecipeCursor::load() {
  entry_.reset();
  if (!nodes_.at_end()) entry_ = nodes_.recipe_entry();
}

void RecipeCursor::next() {
  offset_ += entry_->length;
  nodes_.next();
  load();
}

bool RecipeCursor::skip_shared(RecipeCursor& a, RecipeCursor& b) {
  const std::optional<std::uint64_t> passed = NodeCursor::skip_shared(a.nodes_, b.nodes_);
  if (!passed) return false;
  for (RecipeCursor* cursor : {&a, &b}) {
    cursor->offset_ += *passed;
    cursor->load();
  }
  return true;
}

}  // namespace store
