#include "ops/attributes_reader.h"

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "ops/tree_reader.h"

namespace store {
namespace {

/// So many entries are passed over one by one before the nodes are searched: a node has 125 on average.
constexpr int k_steps_before_jump = 64;

/// Where a search went in each node, to go the same way in a list that is cut alike.
struct Way {
  struct Turn {
    std::size_t entries;
    std::uint64_t count;
    std::size_t position;
  };
  std::vector<Turn> turns;
};

[[noreturn]] void throw_other_shape(const ObjectId& attributes) {
  throw_corrupt(fmt::format("attributes {}: cut unlike their tree", attributes.hex()));
}

}  // namespace

Attributes read_root_attributes(const ObjectReader& objects, const ObjectId& root_object) {
  const StoredNode node(objects, {ObjectType::attributes, root_object});
  if (node.level() != 0 || node.size() != 1)
    throw_corrupt(fmt::format("attributes {}: is no root object", root_object.hex()));
  Attributes attributes = node.attributes(0);
  if (!attributes.directory || !attributes.mode)
    throw_corrupt(fmt::format("attributes {}: is no root object", root_object.hex()));
  return attributes;
}

AttributesCursor::AttributesCursor(const ObjectReader& objects, const ObjectId& tree, const ObjectId& attributes)
    : objects_(&objects),
      tree_id_(tree),
      attributes_id_(attributes),
      tree_(objects, {ObjectType::tree, tree}),
      attributes_(objects, {ObjectType::attributes, attributes}) {
  if (tree_.count() != attributes_.count()) throw_other_shape(attributes);
  load();
}

void AttributesCursor::load() {
  if (tree_.at_end() != attributes_.at_end()) throw_other_shape(attributes_id_);
  if (tree_.at_end()) return;
  entry_ = tree_.tree_entry();
  current_ = attributes_.attributes();
  if ((entry_.kind == EntryKind::directory) != current_.directory.has_value() || current_.mode)
    throw_corrupt(fmt::format("attributes {}: {}: do not fit the tree's entry", attributes_id_.hex(),
                              escape_name(entry_.name)));
}

void AttributesCursor::next() {
  tree_.next();
  attributes_.next();
  load();
}

bool AttributesCursor::go_to(std::string_view name) {
  for (int steps = 0; !at_end() && entry_.name < name; ++steps) {
    if (steps < k_steps_before_jump)
      next();
    else
      jump(name);
  }
  return !at_end() && entry_.name == name;
}

void AttributesCursor::jump(std::string_view name) {
  Way way;
  const NodeCursor::Pick search = pick_name(name);
  tree_ = NodeCursor(*objects_, {ObjectType::tree, tree_id_}, [&](const StoredNode& node) {
    const std::size_t position = search(node);
    way.turns.push_back({node.size(), node.node().count, position});
    return position;
  });
  std::size_t at = 0;
  attributes_ = NodeCursor(*objects_, {ObjectType::attributes, attributes_id_}, [&](const StoredNode& node) {
    if (at == way.turns.size()) throw_other_shape(attributes_id_);
    const Way::Turn& turn = way.turns[at++];
    if (turn.entries != node.size() || turn.count != node.node().count) throw_other_shape(attributes_id_);
    return turn.position;
  });
  load();
}

AttributesReader::AttributesReader(const ObjectReader& objects, const ObjectId& tree, const ObjectId& attributes,
                                   OnDamage on_damage)
    : objects_(objects), on_damage_(std::move(on_damage)) {
  enter("", tree, attributes);
}

void AttributesReader::on_damage(const Error& error) {
  if (error.kind() != ErrorKind::corrupt) throw error;
  levels_.back().cursor.reset();
  on_damage_(levels_.back().path, error);
}

/// False if the directory's attributes cannot be had.
bool AttributesReader::enter(const std::string& path, const ObjectId& tree, const ObjectId& attributes) {
  levels_.push_back({path, std::nullopt});
  try {
    levels_.back().cursor.emplace(objects_, tree, attributes);
    return true;
  } catch (const Error& error) {
    on_damage(error);
    return false;
  }
}

/// Puts the innermost level on a name.
bool AttributesReader::go_to(std::string_view name) {
  std::optional<AttributesCursor>& cursor = levels_.back().cursor;
  if (!cursor) return false;
  try {
    return cursor->go_to(name);
  } catch (const Error& error) {
    on_damage(error);
    return false;
  }
}

std::optional<Attributes> AttributesReader::at(const std::string& path) {
  std::optional<Found> found = find(path);
  return found ? std::optional(std::move(found->attributes)) : std::nullopt;
}

std::optional<AttributesReader::Found> AttributesReader::find(const std::string& path) {
  while (levels_.size() > 1 && (levels_.back().path == path || !is_within(path, levels_.back().path))) levels_.pop_back();
  for (;;) {
    const std::size_t begin = levels_.back().path.empty() ? 0 : levels_.back().path.size() + 1;
    const std::size_t end = path.find('/', begin);
    if (!go_to(std::string_view(path).substr(begin, end - begin))) return std::nullopt;
    const AttributesCursor& cursor = *levels_.back().cursor;
    if (end == std::string::npos) return Found{cursor.entry(), cursor.attributes()};
    if (cursor.entry().kind != EntryKind::directory) return std::nullopt;
    const ObjectId tree = cursor.entry().id;
    const ObjectId attributes = *cursor.attributes().directory;
    if (levels_.size() > k_max_tree_depth || !enter(path.substr(0, end), tree, attributes)) return std::nullopt;
  }
}

}  // namespace store
