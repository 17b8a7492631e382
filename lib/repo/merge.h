#pragma once

#include "repo/object_store.h"

namespace store {

/// What merging did.
struct MergeTotals {
  std::uint64_t packs_before = 0;
  std::uint64_t packs_after = 0;
  std::uint64_t bytes_rewritten = 0;
};

/// Merges small packs (design §3 "Layers"): when 8 packs of a size tier (×8, up to 64 MiB) exist, copies
/// their checksum-checked blocks into one, publishes the replacement in one catalog record, then unlinks the
/// old ones. Only tries the merge lock: somebody else merging is as good. Crash-safe at every step.
MergeTotals merge_small_packs(const Repository& repository, ObjectStore& objects, int session_fd,
                              const LockWait& wait, bool sync);

}  // namespace store
