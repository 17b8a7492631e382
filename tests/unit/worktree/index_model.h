// The index as a std::map, and random changes for both.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/path.h"
#include "support/random_bytes.h"
#include "worktree/index.h"

namespace store::index_model {

using Model = std::map<std::string, IndexEntry, PathLess>;
using Changes = std::map<std::string, std::optional<IndexEntry>, PathLess>;

inline IndexEntry entry_at(const std::string& path, std::uint64_t version) {
  IndexEntry entry;
  entry.path = path;
  entry.mode = 0644;
  entry.size = version;
  entry.chunks = 1;
  entry.id.bytes[0] = static_cast<std::byte>(version + 1);
  entry.stat = {.size = version, .mtime_ns = 5, .ctime_ns = -6, .inode = 7, .device = 8};
  entry.racy = version % 2 == 1;
  return entry;
}

/// Few enough to meet again, and of all the orders around '/'.
inline std::string random_path(testing::SplitMix64& random, std::size_t padding) {
  static constexpr char k_bytes[] = {'a', 'b', '/', '-', '\x01', '\xff'};
  std::string path;
  for (std::uint64_t length = random.between(0, 6); path.size() < length;) {
    const char byte = k_bytes[random.next() % sizeof k_bytes];
    if (byte == '/' && (path.empty() || path.back() == '/' || path.size() + 1 == length)) continue;
    path += byte;
  }
  return padding == 0 || path.empty() ? path : path + '/' + std::string(padding, 'p');
}

inline Changes random_changes(testing::SplitMix64& random, std::uint64_t count, std::size_t padding) {
  Changes changes;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string path = random_path(random, padding);
    if (random.next() % 3 == 0)
      changes[path] = std::nullopt;
    else
      changes[path] = entry_at(path, random.next() % 100);
  }
  return changes;
}

inline void apply(const Changes& changes, Index::Batch& batch) {
  for (const auto& [path, entry] : changes) {
    if (entry)
      batch.put(*entry);
    else
      batch.remove(path);
  }
}

inline void apply(const Changes& changes, Model& model) {
  for (const auto& [path, entry] : changes) {
    if (entry)
      model[path] = *entry;
    else
      model.erase(path);
  }
}

inline bool equal(const Index& index, const Model& model) {
  Index::Cursor cursor = index.seek("");
  for (const auto& [path, entry] : model) {
    if (cursor.at_end() || cursor.entry() != entry) return false;
    cursor.next();
  }
  return cursor.at_end() && index.empty() == model.empty();
}

inline void check_equal(const Index& index, const Model& model) { REQUIRE(equal(index, model)); }

inline void put_one(Index& index, const IndexEntry& entry, bool sync) {
  Index::Batch batch = index.begin();
  batch.put(entry);
  batch.commit(sync);
}

}  // namespace store::index_model
