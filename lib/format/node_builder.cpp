#include <fmt/format.h>

#include "base/error.h"
#include "format/codec.h"
#include "format/merkle.h"
#include "format/node.h"
#include "format/tree.h"
#include "hash/sha256.h"

namespace store {
namespace {

constexpr std::string_view k_cut_domain{"store.cut.v1\0", 13};

ObjectId name_cut_hash(std::size_t level, std::string_view name) {
  const std::byte level_byte{static_cast<std::uint8_t>(level)};
  const ByteView parts[] = {as_bytes(k_cut_domain), {&level_byte, 1}, as_bytes(name)};
  return sha256(parts);
}

}  // namespace

NodeBuilder::NodeBuilder(ObjectType type, Sink sink) : type_(type), sink_(std::move(sink)) {}

NodeBuilder::Level& NodeBuilder::level_at(std::size_t level) {
  if (level > static_cast<std::size_t>(k_node_max_level)) throw_bug("node builder: level exceeds 15");
  if (level == levels_.size()) levels_.emplace_back().encoded.resize(k_node_header_size);
  return levels_[level];
}

void NodeBuilder::add(ByteView entry, std::uint64_t bytes, std::string_view name) {
  append(0, entry, Item{.count = 1, .bytes = bytes, .name = name});
}

void NodeBuilder::add_existing(const ObjectId& id, std::uint64_t count, std::uint64_t bytes) {
  if (type_ != ObjectType::recipe) throw_bug("node builder: only nodes of recipes can be taken over");
  Level& level = level_at(0);
  if (!level.ends.empty()) throw_bug("node builder: an existing node must follow a node border");
  ++level.nodes;
  const Root existing{.id = id, .count = count, .bytes = bytes};
  level.last_node = existing;
  add_upper(1, existing, {});
}

void NodeBuilder::append(std::size_t level_number, ByteView entry, const Item& item) {
  Level& level = level_at(level_number);
  level.encoded.insert(level.encoded.end(), entry.begin(), entry.end());
  level.ends.push_back(level.encoded.size());
  if (type_ == ObjectType::recipe) level.leaves.push_back(mth_leaf(entry));
  level.count += item.count;
  if (type_ == ObjectType::recipe && item.bytes > k_max_content_bytes - level.bytes)
    throw_bug("node builder: content length exceeds 2^63-1");
  level.bytes = saturating_add(level.bytes, item.bytes);
  level.last_name = item.name;
  if (cut_after_last(level_number, item.name)) close_node(level_number);
}

bool NodeBuilder::cut_after_last(std::size_t level_number, std::string_view name) const {
  const Level& level = levels_[level_number];
  if (level.ends.size() >= k_node_max_entries) return true;
  if (level.ends.size() < k_node_min_entries) return false;
  const ObjectId hash = type_ == ObjectType::recipe ? level.leaves.back() : name_cut_hash(level_number, name);
  return load_u64(hash.bytes.data()) < k_node_cut_threshold;
}

void NodeBuilder::close_node(std::size_t level_number) {
  Level& level = levels_[level_number];
  Node node{.type = type_,
            .level = static_cast<std::uint8_t>(level_number),
            .count = level.count,
            .bytes = level.bytes,
            .entries = {}};
  node.entries.reserve(level.ends.size());
  std::size_t start = k_node_header_size;
  for (const std::size_t end : level.ends) {
    node.entries.push_back(ByteView(level.encoded).subspan(start, end - start));
    start = end;
  }
  const Bytes header = encode_node_header(node);
  std::memcpy(level.encoded.data(), header.data(), header.size());
  if (type_ != ObjectType::recipe) level.leaves = mth_leaves(node.entries);
  const ObjectId id = node_id_of_leaves(node, level.leaves);
  sink_(Built{.id = id, .node = node, .bytes = level.encoded});

  level.last_node = Root{.id = id, .count = level.count, .bytes = level.bytes};
  ++level.nodes;
  level.encoded.resize(k_node_header_size);
  level.ends.clear();
  level.leaves.clear();
  level.count = 0;
  level.bytes = 0;
  // Copies: the next level may come into being, which moves this one.
  const Root closed = level.last_node;
  const std::string name = level.last_name;
  if (!node.entries.empty()) add_upper(level_number + 1, closed, name);
}

void NodeBuilder::add_upper(std::size_t level, const Root& node, std::string_view name) {
  const UpperEntry entry{.count = node.count, .bytes = node.bytes, .name = std::string(name), .id = node.id};
  append(level, encode_upper_entry(type_, entry), Item{.count = node.count, .bytes = node.bytes, .name = name});
}

NodeBuilder::Root NodeBuilder::finish() {
  for (std::size_t i = 0;; ++i) {
    const Level& level = level_at(i);
    if (!level.ends.empty() || level.nodes == 0) close_node(i);
    if (levels_[i].nodes > 1) continue;
    // One node: the root. The level above holds its lone entry, which is dropped with the rest of the state.
    const Root root = levels_[i].last_node;
    levels_.clear();
    return root;
  }
}

}  // namespace store
