#include "format/tree.h"

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "chunk/chunker.h"
#include "format/codec.h"

namespace store {
namespace {

constexpr std::uint16_t k_mode_mask = 07777;
constexpr std::uint16_t k_symlink_mode = 0777;

bool has_object(EntryKind kind) {
  return is_regular(kind) || kind == EntryKind::directory || kind == EntryKind::symlink;
}

/// Size rules of each kind; the id of an empty file is that of no bytes, and only its own.
std::string_view size_fault(const TreeEntry& entry) {
  switch (entry.kind) {
    case EntryKind::file:
      if (entry.size > k_chunk_limit) return "a file of one chunk exceeds 8 MiB";
      if ((entry.size == 0) != (entry.id == k_empty_chunk_id)) return "id of an empty file";
      return {};
    case EntryKind::symlink:
      return entry.size == 0 || entry.size > k_chunk_limit ? "bad length of a symlink's target" : "";
    case EntryKind::large_file:
      return entry.size == 0 || entry.size > k_max_content_bytes ? "bad size of a large file" : "";
    case EntryKind::directory:
      return entry.size > k_max_content_bytes ? "bad size of a directory" : "";
    case EntryKind::fifo:
      return entry.size != 0 ? "a fifo with a size" : "";
    case EntryKind::char_device:
    case EntryKind::block_device:
      return {};
  }
  return "unknown kind";
}

std::string_view fault_of(const TreeEntry& entry) {
  if (!is_entry_kind(static_cast<std::uint8_t>(entry.kind))) return "unknown kind";
  if ((entry.mode & ~k_mode_mask) != 0) return "mode exceeds 07777";
  if (entry.kind == EntryKind::symlink && entry.mode != k_symlink_mode) return "mode of a symlink is not 0777";
  if (has_object(entry.kind) == entry.id.is_zero()) return "id does not fit the kind";
  if (const std::string_view fault = name_fault(entry.name); !fault.empty()) return fault;
  return size_fault(entry);
}

}  // namespace

bool is_entry_kind(std::uint8_t value) { return value >= 1 && value <= 7; }

std::string_view type_name(EntryKind kind) {
  switch (kind) {
    case EntryKind::file:
    case EntryKind::large_file: return "file";
    case EntryKind::directory: return "directory";
    case EntryKind::symlink: return "symlink";
    case EntryKind::fifo: return "fifo";
    case EntryKind::char_device:
    case EntryKind::block_device: return "device";
  }
  return "unknown";
}

std::optional<ObjectKey> object_of(EntryKind kind, std::uint64_t size, const ObjectId& id) {
  switch (kind) {
    case EntryKind::file:
      if (size == 0) return std::nullopt;
      return ObjectKey{ObjectType::chunk, id};
    case EntryKind::symlink: return ObjectKey{ObjectType::chunk, id};
    case EntryKind::large_file: return ObjectKey{ObjectType::recipe, id};
    case EntryKind::directory: return ObjectKey{ObjectType::tree, id};
    default: return std::nullopt;
  }
}

std::uint64_t content_bytes(EntryKind kind, std::uint64_t size) { return has_object(kind) ? size : 0; }

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  if (a > k_max_content_bytes || b > k_max_content_bytes - a) return k_max_content_bytes;
  return a + b;
}

Bytes encode_tree_entry(const TreeEntry& entry) {
  if (const std::string_view fault = fault_of(entry); !fault.empty())
    throw_bug("tree entry: " + std::string(fault));
  Bytes bytes;
  bytes.reserve(1 + 2 + 8 + 1 + entry.name.size() + 32);
  ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.u16(entry.mode);
  out.u64(entry.size);
  out.u8(static_cast<std::uint8_t>(entry.name.size()));
  out.raw(entry.name);
  put_id(out, entry.id);
  return bytes;
}

TreeEntry decode_tree_entry(ByteView bytes) {
  ByteReader in(bytes, "tree entry");
  TreeEntry entry;
  entry.kind = static_cast<EntryKind>(in.u8());
  entry.mode = in.u16();
  entry.size = in.u64();
  const std::size_t length = in.u8();
  entry.name = in.text(length);
  entry.id = get_id(in);
  if (const std::string_view fault = fault_of(entry); !fault.empty()) in.fail(fault);
  in.expect_end();
  return entry;
}

TreeBuilder::TreeBuilder(NodeBuilder::Sink sink) : builder_(ObjectType::tree, std::move(sink)) {}

void TreeBuilder::add(const TreeEntry& entry) {
  if (!empty_ && entry.name <= last_name_) throw_bug("tree builder: names do not ascend");
  builder_.add(encode_tree_entry(entry), entry.content_bytes(), entry.name);
  last_name_ = entry.name;
  empty_ = false;
}

NodeBuilder::Root TreeBuilder::finish() {
  empty_ = true;
  last_name_.clear();
  return builder_.finish();
}

}  // namespace store
