#pragma once

#include <functional>
#include <optional>

#include "base/file_system.h"
#include "format/index_record.h"

namespace store {

/// What of the index cannot be read. `log` includes a torn end, which is no damage but is cut off alike.
enum class IndexDamage { none, log, base };
/// Reads all of it. The caller holds the index lock.
IndexDamage examine_index(int repository_fd);

/// What the index is made of where its own state is lost: the commit of HEAD, as entries in path order.
struct IndexOrigin {
  ObjectId tree;
  std::function<void(const std::function<void(IndexEntry)>& put)> entries;
};

/// Makes a new index of what is left. With an origin it is the origin's, what was known of the files added, and on top of it the
/// whole batches that surely came later: those behind the one that says that the index was this very tree, or else behind the
/// damage. So nothing is staged that undoes what was committed; what was staged and is lost is staged no longer. Without an
/// origin it is all that can be read. Trees of directories count as unknown, directories that are missing above something are made,
/// and nothing stays below what is no directory. Base and log are replaced, so they may be kept before (durability.md: repair 3).
/// The caller holds the index lock. Memory: 40 bytes for each change in the log.
void rebuild_index(FileSystem& fs, int repository_fd, const std::optional<IndexOrigin>& origin);

}  // namespace store
