#include "ops/walk_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "repo/stored_node.h"

namespace store {
namespace {

constexpr std::size_t k_counted_nodes = 1u << 18;

/// Adds up the paths below a tree, each node once, however often it is named.
class PathCount {
 public:
  explicit PathCount(const ObjectReader& objects) : objects_(objects) {}

  /// At most one more than k_max_tree_paths; nothing for a tree of too many nodes.
  std::optional<std::uint64_t> of(const ObjectId& root) {
    waiting_.push_back(root);
    while (!waiting_.empty()) {
      if (known_.size() > k_counted_nodes || waiting_.size() > k_counted_nodes) return std::nullopt;
      const ObjectId id = waiting_.back();
      if (known_.contains(id) || count(id)) waiting_.pop_back();
    }
    return known_.at(root);
  }

 private:
  /// False if something below has to be counted first: it was put on top.
  bool count(const ObjectId& id) {
    const StoredNode node(objects_, {ObjectType::tree, id});
    const std::size_t before = waiting_.size();
    std::uint64_t paths = 0;
    for (std::size_t i = 0; i < node.size(); ++i) {
      std::optional<ObjectId> below;
      if (node.level() > 0) {
        below = node.upper_entry(i).id;
      } else {
        const TreeEntry entry = node.tree_entry(i);
        if (entry.kind == EntryKind::directory) below = entry.id;
        ++paths;
      }
      if (!below) continue;
      if (const auto found = known_.find(*below); found != known_.end())
        paths = std::min(paths + found->second, k_max_tree_paths + 1);
      else
        waiting_.push_back(*below);
    }
    if (waiting_.size() > before) return false;
    known_.emplace(id, std::min(paths, k_max_tree_paths + 1));
    return true;
  }

  const ObjectReader& objects_;
  std::vector<ObjectId> waiting_;
  std::unordered_map<ObjectId, std::uint64_t, ObjectIdHash> known_;
};

/// Of trees that are walked side by side nothing tells which of them it is.
std::string names_of(const std::vector<ObjectId>& trees) {
  std::string names = "tree";
  for (const ObjectId& tree : trees) names += (names.size() > 4 ? " or " : " ") + tree.hex();
  return names;
}

}  // namespace

void WalkLimit::enter(std::string_view path, std::uint64_t entries) {
  if (widths_.size() > k_max_tree_depth)
    throw_corrupt(fmt::format("{}: {}…: depth exceeds {}", names_of(roots_), escape_name(path.substr(0, 64)), k_max_tree_depth));
  const double above = widths_.empty() ? 1 : widths_.back();
  widths_.push_back(above * static_cast<double>(std::max<std::uint64_t>(entries, 1)));
}

void WalkLimit::step() {
  if (++paths_ < next_look_) return;
  next_look_ *= 2;
  if (!widths_.empty() && widths_.back() > static_cast<double>(k_max_tree_paths)) judge();
}

void WalkLimit::judge() const {
  for (const ObjectId& root : roots_) {
    const std::optional<std::uint64_t> paths = PathCount(*objects_).of(root);
    if (paths && *paths > k_max_tree_paths)
      throw_corrupt(fmt::format("tree {}: has more than {} paths", root.hex(), k_max_tree_paths));
  }
}

}  // namespace store
