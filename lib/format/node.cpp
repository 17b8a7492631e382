#include "format/node.h"

#include <fmt/format.h>

#include "base/error.h"
#include "format/codec.h"
#include "format/entry_scan.h"
#include "format/merkle.h"
#include "format/tree.h"
#include "hash/sha256.h"

namespace store {
namespace {

constexpr std::string_view k_node_domain{"store.node.v1\0", 14};

bool is_list_type(ObjectType type) {
  return type == ObjectType::recipe || type == ObjectType::tree || type == ObjectType::attributes;
}

/// Adds up a node's entries and checks their order, as a decoder meets them.
class EntrySums {
 public:
  EntrySums(ObjectType type, ByteReader& in) : type_(type), in_(in) {}
  void add(const ScannedEntry& entry) {
    if (entry.count == 0 || __builtin_add_overflow(count_, entry.count, &count_)) in_.fail("bad entry count");
    if (type_ == ObjectType::tree) {
      if (entry.bytes > k_max_content_bytes) in_.fail("bad entry size");
      bytes_ = saturating_add(bytes_, entry.bytes);
      if (entry.name.empty() || (any_ && entry.name <= last_name_)) in_.fail("names do not ascend");
      last_name_ = entry.name;
    } else {
      // Attributes sum up to 0; a recipe's lengths must be positive and stay a file size.
      const bool positive = entry.bytes != 0;
      if (positive != (type_ == ObjectType::recipe)) in_.fail("bad entry length");
      if (entry.bytes > k_max_content_bytes - bytes_) in_.fail("content length overflows");
      bytes_ += entry.bytes;
      if (entry.zeros && after_zeros_) in_.fail("adjoining zeros");
      after_zeros_ = entry.zeros;
    }
    any_ = true;
  }
  std::uint64_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  ObjectType type_;
  ByteReader& in_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::string_view last_name_;
  bool after_zeros_ = false;
  bool any_ = false;
};

}  // namespace

Bytes encode_node_header(const Node& node) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>(node.type));
  out.u8(node.level);
  out.u32(count_u32(node.entries.size()));
  out.u64(node.count);
  out.u64(node.bytes);
  return bytes;
}

Bytes encode_node(const Node& node) {
  Bytes bytes = encode_node_header(node);
  ByteWriter out(bytes);
  for (const ByteView entry : node.entries) out.raw(entry);
  return bytes;
}

Node decode_node(ObjectType type, ByteView bytes) {
  if (!is_list_type(type)) throw_bug(fmt::format("decode_node: {} is not a list", name_of(type)));
  const std::string what = std::string(name_of(type)) + " node";
  ByteReader in(bytes, what);
  if (in.u8() != static_cast<std::uint8_t>(type)) in.fail("wrong type");
  Node node{.type = type, .level = in.u8(), .count = 0, .bytes = 0, .entries = {}};
  if (node.level > k_node_max_level) in.fail("level exceeds 15");
  const std::uint32_t n = in.u32();
  if (n > k_node_max_entries || (n == 0 && node.level > 0)) in.fail("bad number of entries");
  node.count = in.u64();
  node.bytes = in.u64();
  node.entries.reserve(n);
  EntrySums sums(type, in);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::size_t start = in.offset();
    sums.add(scan_entry(type, node.level, in));
    node.entries.push_back(bytes.subspan(start, in.offset() - start));
  }
  in.expect_end();
  if (node.count != sums.count() || node.bytes != sums.bytes()) in.fail("count or bytes differ from the entries");
  return node;
}

ObjectId node_id_of_leaves(const Node& node, std::span<const ObjectId> leaves) {
  const Bytes header = encode_node_header(node);
  const ObjectId root = mth_root(leaves);
  const ByteView parts[] = {as_bytes(k_node_domain), header, root.view()};
  return sha256(parts);
}

ObjectId node_id(const Node& node) { return node_id_of_leaves(node, mth_leaves(node.entries)); }

Node decode_checked_node(const ObjectKey& expected, ByteView bytes) {
  Node node = decode_node(expected.type, bytes);
  if (node_id(node) != expected.id)
    throw_corrupt(fmt::format("{} {}: content does not match its id", name_of(expected.type), expected.id.hex()));
  return node;
}

Bytes encode_upper_entry(ObjectType type, const UpperEntry& entry) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u64(entry.count);
  out.u64(entry.bytes);
  if (type == ObjectType::tree) {
    if (entry.name.empty() || entry.name.size() > 255) throw_bug("upper entry: bad name length");
    out.u8(static_cast<std::uint8_t>(entry.name.size()));
    out.raw(entry.name);
  }
  put_id(out, entry.id);
  return bytes;
}

UpperEntry decode_upper_entry(ObjectType type, ByteView entry) {
  ByteReader in(entry, "upper entry");
  UpperEntry upper;
  upper.count = in.u64();
  upper.bytes = in.u64();
  if (upper.count == 0 || upper.bytes > k_max_content_bytes) in.fail("bad count or bytes");
  if (type == ObjectType::tree) {
    const std::size_t length = in.u8();
    upper.name = in.text(length);
    if (upper.name.empty()) in.fail("empty name");
  }
  upper.id = get_id(in);
  in.expect_end();
  return upper;
}

std::string_view last_name(const Node& node) {
  if (node.type != ObjectType::tree || node.entries.empty()) return {};
  ByteReader in(node.entries.back(), "tree entry");
  return scan_entry(node.type, node.level, in).name;
}

void check_child(const Node& parent, const UpperEntry& entry, const Node& child) {
  const auto fail = [&](std::string_view what) {
    throw_corrupt(fmt::format("{} {}: {} differs from its parent's entry", name_of(child.type), entry.id.hex(), what));
  };
  if (child.type != parent.type) fail("type");
  if (child.level + 1 != parent.level) fail("level");
  if (child.count != entry.count) fail("count");
  if (child.bytes != entry.bytes) fail("bytes");
  if (child.type == ObjectType::tree && last_name(child) != entry.name) fail("last name");
}

void LeafSequence::check(const Node& leaf) {
  if (leaf.entries.empty()) return;
  ByteReader in(leaf.entries.front(), "first entry of a node");
  const ScannedEntry first = scan_entry(type_, 0, in);
  if (type_ == ObjectType::tree) {
    if (first.name <= last_name_) in.fail("names do not ascend across nodes");
    last_name_ = last_name(leaf);
  } else if (type_ == ObjectType::recipe) {
    if (first.zeros && after_zeros_) in.fail("adjoining zeros across nodes");
    ByteReader last(leaf.entries.back(), "last entry of a node");
    after_zeros_ = scan_entry(type_, 0, last).zeros;
  }
}

}  // namespace store
