#pragma once

#include <functional>
#include <unordered_map>

#include "repo/stored_node.h"

namespace store {

/// What recipes hold, without the order: each upper node is looked at once, however often it is named, and each leaf once for each
/// node above it that names it. A few kilobytes of nodes that name each other again and again may stand for 2^63 bytes, which
/// RecipeCursor would walk. Every node is checked as RecipeCursor does it. Memory: 64 bytes for some 15,000 entries. One thread.
class RecipeNodes {
 public:
  /// Of one node and all below it.
  struct Summary {
    std::uint64_t count = 0;  // entries
    std::uint64_t chunks = 0;  // those that are no zeros
    std::uint64_t bytes = 0;  // content
    std::uint64_t zeros = 0;  // of it in runs of zeros
    std::uint8_t level = 0;
    bool zeros_first = false;
    bool zeros_last = false;
  };
  /// Asked for each chunk of a node that is looked at; after a `false` the node is looked at again when it is named again.
  using Visit = std::function<bool(const RecipeEntry& chunk)>;

  explicit RecipeNodes(const ObjectReader& objects, Visit visit = {}) : objects_(objects), visit_(std::move(visit)) {}
  /// Error{corrupt} for what is missing or malformed.
  Summary recipe(const ObjectId& id) {
    bool sound = true;
    return node(id, sound);
  }

 private:
  Summary node(const ObjectId& id, bool& sound);
  void add_child(const StoredNode& parent, std::size_t index, Summary& sum, bool& sound);
  void add_stretch(const RecipeEntry& entry, Summary& sum, bool& sound) const;

  const ObjectReader& objects_;
  Visit visit_;
  std::unordered_map<ObjectId, Summary, ObjectIdHash> known_;
};

/// Bytes in runs of zeros of a large file.
inline std::uint64_t zeros_in(const ObjectReader& objects, const ObjectId& recipe) { return RecipeNodes(objects).recipe(recipe).zeros; }

}  // namespace store
