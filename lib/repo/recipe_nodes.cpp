#include "repo/recipe_nodes.h"

#include <fmt/format.h>

#include "base/error.h"

namespace store {

RecipeNodes::Summary RecipeNodes::node(const ObjectId& id, bool& sound) {
  if (const auto known = known_.find(id); known != known_.end()) return known->second;
  const StoredNode node(objects_, {ObjectType::recipe, id});
  Summary sum{.count = node.node().count, .bytes = node.node().bytes, .level = node.level()};
  bool sound_here = true;
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.level() > 0) add_child(node, i, sum, sound_here);
    else add_stretch(node.recipe_entry(i), sum, sound_here);
  }
  if (node.level() == 0 && node.size() != 0) sum.zeros_first = node.recipe_entry(0).kind == RecipeKind::zeros;
  if (sound_here && node.level() > 0) known_.emplace(id, sum);
  sound = sound && sound_here;
  return sum;
}

/// What check_child() and LeafSequence check. Levels fall by one on the way down, so it ends.
void RecipeNodes::add_child(const StoredNode& parent, std::size_t index, Summary& sum, bool& sound) {
  const UpperEntry entry = parent.upper_entry(index);
  const Summary child = node(entry.id, sound);
  if (child.level + 1 != parent.level() || child.count != entry.count || child.bytes != entry.bytes)
    throw_corrupt(fmt::format("recipe {}: differs from its parent's entry", entry.id.hex()));
  if (index != 0 && sum.zeros_last && child.zeros_first)
    throw_corrupt(fmt::format("recipe {}: adjoining zeros across nodes", entry.id.hex()));
  if (index == 0) sum.zeros_first = child.zeros_first;
  sum.zeros_last = child.zeros_last;
  sum.zeros += child.zeros;
  sum.chunks += child.chunks;
}

void RecipeNodes::add_stretch(const RecipeEntry& entry, Summary& sum, bool& sound) const {
  sum.zeros_last = entry.kind == RecipeKind::zeros;
  if (sum.zeros_last) {
    sum.zeros += entry.length;
  } else {
    ++sum.chunks;
    if (visit_ && !visit_(entry)) sound = false;
  }
}

}  // namespace store
