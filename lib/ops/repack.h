#pragma once

#include <vector>

#include "ops/workspace.h"
#include "repo/catalog.h"

namespace store {

struct RepackResult {
  std::uint64_t bytes_before = 0;  // all packs
  std::uint64_t bytes_after = 0;
  std::uint64_t packs_before = 0;
  std::uint64_t packs_after = 0;
  std::vector<ObjectId> damaged;   // packs that were left as they are
};

/// Rewrites the packs with the settings for compression as they are now, small ones as one. No id changes. Each group of
/// packs (up to 1 GiB or 262,144 objects) is replaced in one step, so that a kill costs only the group at hand, and one group's
/// size is what the disk has to have free. What was staged since the last commit is never put together with what is older.
/// Waits for the merge lock; other commands go on.
RepackResult repack(Workspace& workspace);

/// Of all packs of the catalog.
std::uint64_t pack_bytes(const CatalogState& catalog);

}  // namespace store
