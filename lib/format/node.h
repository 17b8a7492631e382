// format: every on-disk record of format v1 as a pure codec, bytes <-> structs; it touches no file.
// Each codec has one section with offsets and an example hexdump in docs/format.md, asserted by a golden test.
// Decoders treat bytes as hostile: Error{corrupt} names the record and the offset.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/object_id.h"

namespace store {

inline constexpr std::uint32_t k_node_min_entries = 16;
inline constexpr std::uint32_t k_node_max_entries = 512;
inline constexpr std::uint64_t k_node_cut_threshold = ~0ULL / 112;
inline constexpr int k_node_max_level = 15;
inline constexpr std::uint64_t k_max_content_bytes = (1ULL << 63) - 1;

/// Merkle tree hash of RFC 9162 §2.1.1: leaf = SHA-256(0x00 ‖ entry), inner = SHA-256(0x01 ‖ l ‖ r).
ObjectId mth_leaf(ByteView entry);
ObjectId mth_root(std::span<const ObjectId> leaves);

/// A list object's node (recipe, tree or attributes), decoded as far as all types are alike.
/// `entries` are the encoded entries, views into the bytes that were decoded.
struct Node {
  ObjectType type{};
  std::uint8_t level = 0;
  std::uint64_t count = 0;  // level-0 entries below
  std::uint64_t bytes = 0;  // content bytes below
  std::vector<ByteView> entries;
};

/// What a parent says of a child, and what a reader checks the child against.
struct UpperEntry {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::string name;  // trees only: the last name below
  ObjectId id;
};

/// The object's bytes (what a block stores and what decode_node reads) of a node.
Bytes encode_node(const Node& node);
/// Checks the frame (type, level, n, entry borders), that count and bytes are the sums over the entries, that names
/// ascend and that zeros do not adjoin within the node; not the id, not every field of an entry. Views point into
/// `bytes`.
Node decode_node(ObjectType type, ByteView bytes);
/// The Merkle id: SHA-256("store.node.v1\0" ‖ type ‖ level ‖ n ‖ count ‖ bytes ‖ MTH(entries)).
ObjectId node_id(const Node& node);
/// Decodes and throws Error{corrupt} unless the id is `expected`.
Node decode_checked_node(const ObjectKey& expected, ByteView bytes);

Bytes encode_upper_entry(ObjectType type, const UpperEntry& entry);
UpperEntry decode_upper_entry(ObjectType type, ByteView entry);
/// Throws Error{corrupt} unless the child has the parent's type, one level less, and the entry's count, bytes and
/// (trees) last name.
void check_child(const Node& parent, const UpperEntry& entry, const Node& child);
/// Name of the last entry of a tree's node, "" if it has none.
std::string_view last_name(const Node& node);

/// Checks what only successive level-0 nodes of one object show: names ascend across nodes, and two zeros entries
/// never stand side by side. A reader hands it the leaves in order.
class LeafSequence {
 public:
  explicit LeafSequence(ObjectType type) : type_(type) {}
  /// Error{corrupt} if `leaf` cannot follow the ones before.
  void check(const Node& leaf);
  /// The reader passed over leaves: of what adjoins the next one nothing is known.
  void skipped() { after_zeros_ = false; }

 private:
  ObjectType type_;
  std::string last_name_;
  bool after_zeros_ = false;
};

/// Builds a list object incrementally, in O(log n) memory; ids do not depend on how entries arrive.
/// Every finished node goes to the sink, children before parents. docs/format.md "Nodes".
class NodeBuilder {
 public:
  struct Built {
    ObjectId id;
    Node node;       // views valid during the call only
    ByteView bytes;  // encode_node(node), valid during the call only
  };
  using Sink = std::function<void(const Built&)>;

  NodeBuilder(ObjectType type, Sink sink);
  /// Appends a level-0 entry. `bytes`: its content bytes. `name`: for trees and attributes, its name (names must
  /// ascend; the caller guarantees it).
  void add(ByteView entry, std::uint64_t bytes, std::string_view name = {});
  /// Appends a whole level-0 node that exists already (resume): only allowed right after a node border.
  void add_existing(const ObjectId& id, std::uint64_t count, std::uint64_t bytes);
  /// Ends the list; the builder may be used again. Returns the root.
  struct Root {
    ObjectId id;
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
  };
  Root finish();

 private:
  struct Level {
    Bytes encoded;                  // room for the node's header, then the entries: what the sink gets
    std::vector<std::size_t> ends;  // of each entry within `encoded`
    std::vector<ObjectId> leaves;   // recipes: MTH leaf hashes, which the cut rule needs anyway
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::string last_name;
    std::uint64_t nodes = 0;  // finished
    Root last_node;
  };
  struct Item {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::string_view name;
  };
  Level& level_at(std::size_t level);
  void append(std::size_t level, ByteView entry, const Item& item);
  bool cut_after_last(std::size_t level, std::string_view name) const;
  void close_node(std::size_t level);
  void add_upper(std::size_t level, const Root& node, std::string_view name);

  ObjectType type_;
  Sink sink_;
  std::vector<Level> levels_;
};

}  // namespace store
