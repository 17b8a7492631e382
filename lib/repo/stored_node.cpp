#include "repo/stored_node.h"

#include <fmt/format.h>

#include "base/error.h"

namespace store {
namespace {

/// What `look` gives; an error of its own names the object.
template <typename Look>
auto naming(const ObjectKey& key, Look look) try {
  return look();
} catch (Error& error) {
  error.add_context(fmt::format("{} {}", name_of(key.type), key.id.hex()));
  throw;
}

/// An entry of the node, with its index in errors.
template <typename Decode>
auto entry_of(const StoredNode& node, std::size_t index, Decode decode) {
  return naming(node.key(), [&] {
    try {
      return decode(node.node().entries[index]);
    } catch (Error& error) {
      error.add_context(fmt::format("entry {}", index));
      throw;
    }
  });
}

}  // namespace

StoredNode::StoredNode(const ObjectReader& objects, const ObjectKey& key)
    : key_(key), bytes_(objects.read(key)), node_(naming(key, [&] { return decode_node(key.type, bytes_); })) {}

UpperEntry StoredNode::upper_entry(std::size_t index) const {
  return entry_of(*this, index, [this](ByteView entry) { return decode_upper_entry(key_.type, entry); });
}

TreeEntry StoredNode::tree_entry(std::size_t index) const { return entry_of(*this, index, decode_tree_entry); }

RecipeEntry StoredNode::recipe_entry(std::size_t index) const { return entry_of(*this, index, decode_recipe_entry); }

Attributes StoredNode::attributes(std::size_t index) const { return entry_of(*this, index, decode_attributes); }

void StoredNode::check_in(LeafSequence& sequence) const {
  naming(key_, [&] { sequence.check(node_); });
}

}  // namespace store
