#pragma once

#include <string>

#include "format/node.h"

namespace store {

/// Kinds of a tree entry. Do not renumber.
enum class EntryKind : std::uint8_t {
  file = 1,        // one chunk
  large_file = 2,  // a recipe
  directory = 3,
  symlink = 4,
  fifo = 5,
  char_device = 6,
  block_device = 7,
};
bool is_entry_kind(std::uint8_t value);
inline bool is_regular(EntryKind kind) { return kind == EntryKind::file || kind == EntryKind::large_file; }
/// "file", "directory", "symlink", "fifo" or "device".
std::string_view type_name(EntryKind kind);
/// The object type that an entry's id names; nothing for fifos, devices and the empty file.
std::optional<ObjectKey> object_of(EntryKind kind, std::uint64_t size, const ObjectId& id);

/// What an entry adds to its directory's `bytes`: 0 for fifos and devices.
std::uint64_t content_bytes(EntryKind kind, std::uint64_t size);

struct TreeEntry {
  EntryKind kind = EntryKind::file;
  std::uint16_t mode = 0;  // 07777; symlinks 0777
  std::uint64_t size = 0;  // content; symlink: target length; directory: bytes of its root node; device: major<<32|minor
  std::string name;
  ObjectId id;
  bool operator==(const TreeEntry&) const = default;
  std::uint64_t content_bytes() const { return store::content_bytes(kind, size); }
};

Bytes encode_tree_entry(const TreeEntry& entry);
/// Also checks the name (name_fault), the kind, mode bits, and ids that must be zero: a hostile tree ends here.
TreeEntry decode_tree_entry(ByteView entry);

/// Sum that stays at 2^63-1 once it gets there.
std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b);

/// Builds a directory from entries with ascending names (Error{bug} otherwise).
class TreeBuilder {
 public:
  explicit TreeBuilder(NodeBuilder::Sink sink);
  void add(const TreeEntry& entry);
  NodeBuilder::Root finish();

 private:
  NodeBuilder builder_;
  std::string last_name_;
  bool empty_ = true;
};

}  // namespace store
