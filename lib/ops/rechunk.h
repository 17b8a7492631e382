#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ops/workspace.h"

namespace store {

struct RechunkedCommit {
  ObjectId old_id;
  ObjectId new_id;
};

struct RechunkOptions {
  std::string branch;  // "nightly"
  /// All commits, oldest first, before the branch moves; what it throws leaves the branch where it is.
  std::function<void(const std::vector<RechunkedCommit>&)> before_move = {};
};

struct RechunkResult {
  std::uint64_t bytes_before = 0;  // all packs
  std::uint64_t bytes_after = 0;
  std::uint64_t packs_before = 0;
  std::uint64_t packs_after = 0;
  std::vector<RechunkedCommit> commits;  // oldest first
};

/// Stores every commit of a branch again with chunking.* and core.inline_threshold as they are set now, and moves the branch to the
/// new ones in one step that `undo` takes back. Content, names, modes, attributes, messages, authors and times stay; other refs stay at
/// the old commits. Each content is read once, each directory is written once; a file is cut as one of its size that is added
/// for the first time. Error{not_found} for no such branch, Error{conflict} if it is checked out, or moves meanwhile: before the
/// branch moves nothing refers to the new commits, and another run finds what an interrupted one has published.
/// Memory: what an ingest takes, and about 250 bytes a commit; ids of directories and contents spill to the session's folder.
RechunkResult rechunk(Workspace& workspace, const RechunkOptions& options);

}  // namespace store
