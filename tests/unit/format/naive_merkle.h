// The node rules of docs/format.md written down as plainly as possible, level by level over whole lists: what
// NodeBuilder is compared with.
#pragma once

#include <map>

#include "format/node.h"
#include "hash/sha256.h"

namespace store::testing {

inline Bytes join(std::initializer_list<ByteView> parts) {
  Bytes bytes;
  for (const ByteView part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}
inline Bytes big_endian(std::uint64_t value, int width) {
  Bytes bytes;
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(value >> shift));
  return bytes;
}

/// RFC 9162 §2.1.1, word for word.
inline ObjectId naive_mth(std::span<const Bytes> entries) {
  if (entries.empty()) return sha256(ByteView{});
  if (entries.size() == 1) return sha256(join({big_endian(0, 1), entries[0]}));
  std::size_t k = 1;
  while (2 * k < entries.size()) k *= 2;
  const ObjectId left = naive_mth(entries.first(k));
  const ObjectId right = naive_mth(entries.subspan(k));
  return sha256(join({big_endian(1, 1), left.view(), right.view()}));
}

struct NaiveEntry {
  Bytes encoded;
  std::uint64_t count = 1;
  std::uint64_t bytes = 0;
  std::string name;
};

struct NaiveObject {
  ObjectId root;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  int levels = 0;
  std::map<ObjectId, Bytes> nodes;  // id -> object bytes
};

inline bool naive_cut(ObjectType type, int level, const NaiveEntry& entry, std::size_t held) {
  if (held == 512) return true;
  if (held < 16) return false;
  const Bytes text = type == ObjectType::recipe
                         ? join({big_endian(0, 1), entry.encoded})
                         : join({as_bytes("store.cut.v1"), big_endian(0, 1),
                                 big_endian(static_cast<std::uint64_t>(level), 1), as_bytes(entry.name)});
  return load_u64(sha256(text).bytes.data()) < 0xffff'ffff'ffff'ffffULL / 112;
}

/// One node: adds it to the object and returns the entry that stands for it one level up.
inline NaiveEntry naive_node(ObjectType type, int level, std::span<const NaiveEntry> held, NaiveObject& object) {
  std::vector<Bytes> encoded;
  Bytes body;
  NaiveEntry upper{.encoded = {}, .count = 0, .bytes = 0, .name = {}};
  for (const NaiveEntry& entry : held) {
    encoded.push_back(entry.encoded);
    body = join({body, entry.encoded});
    upper.count += entry.count;
    upper.bytes = std::min<std::uint64_t>(upper.bytes + entry.bytes, (1ULL << 63) - 1);
    upper.name = entry.name;
  }
  const Bytes head = join({big_endian(static_cast<std::uint64_t>(type), 1),
                           big_endian(static_cast<std::uint64_t>(level), 1), big_endian(held.size(), 4),
                           big_endian(upper.count, 8), big_endian(upper.bytes, 8)});
  const ObjectId id = sha256(join({as_bytes("store.node.v1"), big_endian(0, 1), head, naive_mth(encoded).view()}));
  object.nodes[id] = join({head, body});
  object.root = id;
  object.count = upper.count;
  object.bytes = upper.bytes;
  const Bytes name = type == ObjectType::tree ? join({big_endian(upper.name.size(), 1), as_bytes(upper.name)}) : Bytes();
  upper.encoded = join({big_endian(upper.count, 8), big_endian(upper.bytes, 8), name, id.view()});
  return upper;
}

inline NaiveObject naive_object(ObjectType type, std::vector<NaiveEntry> list) {
  NaiveObject object;
  while (true) {
    std::vector<NaiveEntry> above;
    std::size_t start = 0;
    for (std::size_t i = 0; i < list.size(); ++i)
      if (i + 1 == list.size() || naive_cut(type, object.levels, list[i], i + 1 - start)) {
        above.push_back(naive_node(type, object.levels, std::span(list).subspan(start, i + 1 - start), object));
        start = i + 1;
      }
    if (list.empty()) naive_node(type, object.levels, {}, object);
    ++object.levels;
    if (above.size() <= 1) return object;
    list = std::move(above);
  }
}

}  // namespace store::testing
