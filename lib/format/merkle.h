// Merkle hashing that the node codec and the builder share; private to format.
#pragma once

#include <span>
#include <vector>

#include "format/node.h"

namespace store {

/// mth_leaf of each entry.
std::vector<ObjectId> mth_leaves(std::span<const ByteView> entries);

/// node_id of a node whose leaf hashes are known already.
ObjectId node_id_of_leaves(const Node& node, std::span<const ObjectId> leaves);

/// type ‖ level ‖ n ‖ count ‖ bytes: the head of a node's bytes and of its id's preimage.
inline constexpr std::size_t k_node_header_size = 1 + 1 + 4 + 8 + 8;
Bytes encode_node_header(const Node& node);

}  // namespace store
