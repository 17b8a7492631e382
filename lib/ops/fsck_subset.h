// Private to ops.
#pragma once

#include <vector>

#include "ops/fsck.h"
#include "pipeline/verify.h"

namespace store {

/// Leaves only the blocks to be read. By part: every t-th from n on. By percent or bytes: a random choice, so that repeated runs cover
/// everything.
void choose_subset(std::vector<BlockPlace>& places, const FsckOptions::Subset& subset);

}  // namespace store
