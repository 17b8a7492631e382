#pragma once

#include "format/attributes.h"
#include "format/recipe.h"
#include "format/tree.h"
#include "repo/object_store.h"

namespace store {

/// A node of a list object (tree, recipe, attributes) as it lies in the repository: the one way from stored nodes to decoded entries, so
/// that whatever is wrong with either is Error{corrupt} that names the object. Thread rule: immutable, any thread.
class StoredNode {
 public:
  /// Reads it. Error{corrupt} if it is missing, damaged or malformed.
  StoredNode(const ObjectReader& objects, const ObjectKey& key);
  StoredNode(StoredNode&&) noexcept = default;
  StoredNode& operator=(StoredNode&&) noexcept = default;

  const ObjectKey& key() const { return key_; }
  /// As far as all types are alike.
  const Node& node() const { return node_; }
  std::uint8_t level() const { return node_.level; }
  /// Entries in this node.
  std::size_t size() const { return node_.entries.size(); }
  /// Bytes that the object has.
  std::size_t stored_bytes() const { return bytes_.size(); }

  /// An entry by its index, checked in every field; the first of a node above level 0, the others of one of their type at level 0.
  UpperEntry upper_entry(std::size_t index) const;
  TreeEntry tree_entry(std::size_t index) const;
  RecipeEntry recipe_entry(std::size_t index) const;
  Attributes attributes(std::size_t index) const;

  /// LeafSequence::check() of this node.
  void check_in(LeafSequence& sequence) const;

 private:
  ObjectKey key_;
  Bytes bytes_;
  Node node_;  // views into bytes_
};

}  // namespace store
