#include "ops/reachability.h"

#include "base/error.h"
#include "base/path.h"
#include "ops/attributes_reader.h"
#include "ops/tree_reader.h"
#include "repo/recipe_nodes.h"

namespace store {
namespace {

constexpr int k_max_depth = 4096;
const std::vector<Reachability::Need> k_nothing;

void append_below(std::vector<Reachability::Need>& needs, const std::string& name,
                  const std::vector<Reachability::Need>& below) {
  for (const Reachability::Need& need : below) {
    if (needs.size() >= k_max_needs) return;
    needs.push_back({need.key, need.path.empty() ? name : join_path(name, need.path)});
  }
}

}  // namespace

const std::vector<Reachability::Need>& Reachability::tree(const ObjectId& id) {
  const ObjectKey key{ObjectType::tree, id};
  if (sound_.contains(key)) return k_nothing;
  if (const auto known = needs_.find(key); known != needs_.end()) return known->second;
  std::uint64_t bytes = 0;
  std::vector<Need> needs = needs_of_tree(id, bytes);
  if (!needs.empty()) return needs_.emplace(key, std::move(needs)).first->second;
  sound_.emplace(key, bytes);
  return k_nothing;
}

const std::vector<Reachability::Need>& Reachability::recipe(const ObjectId& id) {
  const ObjectKey key{ObjectType::recipe, id};
  if (sound_.contains(key)) return k_nothing;
  if (const auto known = needs_.find(key); known != needs_.end()) return known->second;
  std::uint64_t bytes = 0;
  std::vector<Need> needs = needs_of_recipe(id, bytes);
  if (!needs.empty()) return needs_.emplace(key, std::move(needs)).first->second;
  sound_.emplace(key, bytes);
  return k_nothing;
}

bool Reachability::available(const ObjectKey& key) const {
  if (!is_bad_(key) && (objects_.contains(key) || (look_again_() && objects_.contains(key)))) return true;
  on_missing_(key);
  return false;
}

Reachability::Need Reachability::missing(const ObjectKey& key) const {
  on_missing_(key);
  return {key, ""};
}

/// It could not be read to its end: that counts, not the sizes it says.
Reachability::Need Reachability::damaged(const ObjectKey& key) {
  wrong_sizes_.erase(key);
  return missing(key);
}

/// The object is there: nothing can bring back a better one.
Reachability::Need Reachability::wrong_size(const ObjectKey& key) {
  wrong_sizes_.insert(key);
  return {key, ""};
}

bool Reachability::fits(const ObjectKey& key, std::uint64_t size) const {
  if (key.type == ObjectType::chunk) return !length_of_ || length_of_(key).value_or(size) == size;
  const auto sound = sound_.find(key);
  return sound == sound_.end() || sound->second == size;
}

/// False if damage ends a walk, also after another look: a merge may have taken the nodes elsewhere.
bool Reachability::readable(const std::function<void()>& walk) const {
  for (bool again = false;; again = true) {
    try {
      walk();
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      if (again || !look_again_()) return false;
    }
  }
}

std::vector<Reachability::Need> Reachability::needs_of_tree(const ObjectId& id, std::uint64_t& bytes) {
  std::vector<Need> needs;
  if (depth_ >= k_max_depth) return {missing({ObjectType::tree, id})};
  ++depth_;
  const bool complete = readable([&] {
    needs.clear();
    ++seen_;
    TreeCursor at(objects_, id);
    for (bytes = at.bytes(); !at.at_end(); at.next()) {
      const TreeEntry& entry = at.entry();
      const std::optional<ObjectKey> key = object_of(entry.kind, entry.size, entry.id);
      if (!key) continue;
      if (key->type == ObjectType::tree) {
        append_below(needs, entry.name, tree(key->id));
      } else if (key->type == ObjectType::recipe) {
        append_below(needs, entry.name, recipe(key->id));
      } else {
        ++seen_;
        if (!available(*key)) {
          append_below(needs, entry.name, {{*key, ""}});
          continue;
        }
      }
      if (!fits(*key, entry.size)) append_below(needs, entry.name, {wrong_size({ObjectType::tree, id})});
    }
  });
  if (!complete) needs.push_back(damaged({ObjectType::tree, id}));
  --depth_;
  return needs;
}

std::vector<Reachability::Need> Reachability::needs_of_recipe(const ObjectId& id, std::uint64_t& bytes) {
  std::vector<Need> needs;
  RecipeNodes nodes(objects_, [&](const RecipeEntry& entry) {
    const ObjectKey key{ObjectType::chunk, entry.id};
    ++seen_;
    const bool there = available(key);
    if (there && fits(key, entry.length)) return true;
    append_below(needs, "", {there ? wrong_size({ObjectType::recipe, id}) : Need{key, ""}});
    return false;
  });
  const bool complete = readable([&] {
    needs.clear();
    ++seen_;
    bytes = nodes.recipe(id).bytes;
  });
  if (!complete) needs.push_back(damaged({ObjectType::recipe, id}));
  return needs;
}

const std::vector<Reachability::Need>& Reachability::attributes(const ObjectId& root_object, const ObjectId& tree) {
  const ObjectKey key{ObjectType::attributes, root_object};
  if (sound_.contains(key)) return k_nothing;
  if (const auto known = needs_.find(key); known != needs_.end()) return known->second;
  std::vector<Need> needs = needs_of_root_attributes(root_object, tree);
  if (!needs.empty()) return needs_.emplace(key, std::move(needs)).first->second;
  sound_.emplace(key, 0);
  return k_nothing;
}

std::vector<Reachability::Need> Reachability::needs_of_root_attributes(const ObjectId& root_object, const ObjectId& tree) {
  std::vector<Need> needs;
  const bool complete = readable([&] {
    needs.clear();
    ++seen_;
    const Attributes root = read_root_attributes(objects_, root_object);
    add_values(needs, "", root);
    append_below(needs, "", attributes_in(*root.directory, tree));
  });
  if (!complete) needs.push_back(missing({ObjectType::attributes, root_object}));
  return needs;
}

/// The same attributes beside another tree could be cut otherwise than it, but not by a writer of ours: they are looked at once.
const std::vector<Reachability::Need>& Reachability::attributes_in(const ObjectId& id, const ObjectId& tree) {
  const ObjectKey key{ObjectType::attributes, id};
  if (sound_.contains(key)) return k_nothing;
  if (const auto known = needs_.find(key); known != needs_.end()) return known->second;
  std::vector<Need> needs = needs_of_attributes(id, tree);
  if (!needs.empty()) return needs_.emplace(key, std::move(needs)).first->second;
  sound_.emplace(key, 0);
  return k_nothing;
}

std::vector<Reachability::Need> Reachability::needs_of_attributes(const ObjectId& id, const ObjectId& tree) {
  std::vector<Need> needs;
  if (depth_ >= k_max_depth) return {missing({ObjectType::attributes, id})};
  // A tree that is damaged is its own problem, and nothing then tells whose attributes these are.
  if (!readable([&] { for (TreeCursor at(objects_, tree); !at.at_end(); at.next()) {} })) return needs;
  ++depth_;
  const bool complete = readable([&] {
    needs.clear();
    ++seen_;
    for (AttributesCursor at(objects_, tree, id); !at.at_end(); at.next()) {
      const Attributes& attributes = at.attributes();
      add_values(needs, at.entry().name, attributes);
      if (attributes.directory) append_below(needs, at.entry().name, attributes_in(*attributes.directory, at.entry().id));
    }
  });
  if (!complete) needs.push_back(missing({ObjectType::attributes, id}));
  --depth_;
  return needs;
}

void Reachability::add_values(std::vector<Need>& needs, const std::string& name, const Attributes& attributes) {
  for (const Xattr& xattr : attributes.xattrs) {
    if (!xattr.chunk) continue;
    ++seen_;
    const ObjectKey key{ObjectType::chunk, *xattr.chunk};
    if (!available(key)) append_below(needs, name, {{key, ""}});
  }
}

}  // namespace store
