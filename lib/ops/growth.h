#pragma once

#include <functional>
#include <unordered_map>

#include "ops/content_walk.h"

namespace store {

/// Content that was met for the first time.
struct Growth {
  std::uint64_t new_bytes = 0;         // of chunks, before compression
  std::uint64_t new_stored_bytes = 0;  // in packs, trees and recipes too; a block's bytes shared out by length
};

/// Takes commits and entries one after the other, and tells what each brings that none before it had. One thread.
class GrowthMeter {
 public:
  explicit GrowthMeter(const Workspace& workspace);

  Growth commit(const ObjectId& id, const Commit& commit);
  Growth entry(const TreeEntry& entry);

 private:
  void met(const ObjectKey& key, std::uint64_t length);
  Growth take() { return std::exchange(growth_, {}); }

  const Workspace& workspace_;
  ObjectMarks marks_;
  ContentWalk walk_;
  Growth growth_;
  struct Block {
    ObjectId pack;
    std::uint64_t offset = 0;
    std::uint64_t stored = 0;
    std::uint64_t raw = 0;
  };
  std::optional<Block> block_;  // the last one
  std::unordered_map<ObjectId, UniqueFd, ObjectIdHash> packs_;  // open; few
};

/// What each commit that `tips` reach brings that none before it holds, taken in the reverse of the order of `log`: parents
/// first. About 100 bytes a commit.
std::unordered_map<ObjectId, Growth, ObjectIdHash> growth_of_history(const Workspace& workspace,
                                                                      const std::vector<ObjectId>& tips);

struct DuEntry {
  std::string path;
  TreeEntry entry;
  std::optional<Growth> growth = {};
};
/// The entries of a directory (of anything else: itself) and, last, all of it together. With `base`, a commit: what each brings that
/// no ancestor of that commit holds; what two of them share counts for the first.
void du(const Workspace& workspace, const TreeEntry& entry, const std::string& path, const std::optional<ObjectId>& base,
        const std::function<void(const DuEntry&)>& visit, const std::function<void(const DuEntry&)>& total);

}  // namespace store
