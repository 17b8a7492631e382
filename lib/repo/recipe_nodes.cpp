#include "repo/recipe_nodes.h"

#include <fmt/format.h>

#include "base/error.h"

namespace store {

RecipeNodes::Summary RecipeNodes::node(const ObjectId& id, bool& sound) {
  if (const auto known = known_.find(id); known != known_.end()) return known->second;
  const Bytes bytes = objects_.read({ObjectType::recipe, id});
  const Node node = decode_node(ObjectType::recipe, bytes);
  Summary sum{.count = node.count, .bytes = node.bytes, .level = node.level};
  bool sound_here = true;
  for (const ByteView encoded : node.entries) {
    if (node.level > 0) add_child(node, encoded, sum, sound_here);
    else add_stretch(encoded, sum, sound_here);
  }
  if (node.level == 0 && !node.entries.empty())
    sum.zeros_first = decode_recipe_entry(node.entries.front()).kind == RecipeKind::zeros;
  if (sound_here && node.level > 0) known_.emplace(id, sum);
  sound = sound && sound_here;
  return sum;
}

/// What check_child() and LeafSequence check. Levels fall by one on the way down, so it ends.
void RecipeNodes::add_child(const Node& parent, ByteView encoded, Summary& sum, bool& sound) {
  const UpperEntry entry = decode_upper_entry(ObjectType::recipe, encoded);
  const Summary child = node(entry.id, sound);
  if (child.level + 1 != parent.level || child.count != entry.count || child.bytes != entry.bytes)
    throw_corrupt(fmt::format("recipe node {}: differs from its parent's entry", entry.id.hex()));
  const bool first = encoded.data() == parent.entries.front().data();
  if (!first && sum.zeros_last && child.zeros_first)
    throw_corrupt(fmt::format("recipe node {}: adjoining zeros across nodes", entry.id.hex()));
  if (first) sum.zeros_first = child.zeros_first;
  sum.zeros_last = child.zeros_last;
  sum.zeros += child.zeros;
  sum.chunks += child.chunks;
}

void RecipeNodes::add_stretch(ByteView encoded, Summary& sum, bool& sound) const {
  const RecipeEntry entry = decode_recipe_entry(encoded);
  sum.zeros_last = entry.kind == RecipeKind::zeros;
  if (sum.zeros_last) {
    sum.zeros += entry.length;
  } else {
    ++sum.chunks;
    if (visit_ && !visit_(entry)) sound = false;
  }
}

}  // namespace store
