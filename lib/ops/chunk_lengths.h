#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "pipeline/verify.h"

namespace store {

/// How long the chunks of blocks that were read are: no index says it, only the block itself. Four bytes a
/// chunk, and some eighty a block. One thread at a time.
class ChunkLengths {
 public:
  void note(const BlockPlace& place, const DecodedBlock& block);
  void forget(const ObjectId& pack) { packs_.erase(pack); }
  /// Nothing if the block was not read.
  std::optional<std::uint64_t> at(const ObjectLocation& location) const;

 private:
  using Blocks = std::unordered_map<std::uint64_t, std::vector<std::uint32_t>>;  // by offset
  std::unordered_map<ObjectId, Blocks, ObjectIdHash> packs_;
};

}  // namespace store
