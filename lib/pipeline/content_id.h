#pragma once

#include <string>

#include "chunk/chunker.h"
#include "format/tree.h"

namespace store {

/// What a file's content would be recorded as.
struct ContentId {
  EntryKind kind = EntryKind::file;
  std::uint64_t size = 0;
  ObjectId id;
  bool operator==(const ContentId&) const = default;
};

/// Reads, chunks and hashes a file without storing anything; holes are stepped over. Constant memory, any thread.
/// Error kinds by errno.
ContentId content_id(int root_fd, const std::string& path, const ChunkParameters& parameters,
                     std::uint64_t inline_threshold);

/// The chunk id of a symlink's target.
ObjectId symlink_id(int root_fd, const std::string& path);

}  // namespace store
