#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "repo/object_store.h"

namespace store {

/// A chunk that is to be read, and where it was found; without location it is looked for once more.
struct WantedChunk {
  ObjectId id;
  std::uint64_t length = 0;
  std::optional<ObjectLocation> location;
  bool same_block(const WantedChunk& other) const {
    return location && other.location && location->pack == other.location->pack &&
           location->block_offset == other.location->block_offset;
  }
};
/// Looks the chunk up.
WantedChunk find_chunk(const ObjectReader& objects, const ObjectId& id, std::uint64_t length);

/// Chunks of one block: read and decoded once, each distinct one checked by SHA-256 once (several at a time). Immutable.
class ChunkBlock {
 public:
  /// All chunks lie in the same block. Error{corrupt} if the block cannot be decoded.
  ChunkBlock(const ObjectReader& objects, std::vector<WantedChunk> wanted);
  /// Bytes of the chunk at an index of `wanted`; Error{corrupt} naming pack and block if they are not what was wanted.
  ByteView bytes(std::size_t index) const;

 private:
  void load(const ObjectReader& objects, std::size_t index);
  void verify();

  std::vector<WantedChunk> wanted_;
  std::vector<std::shared_ptr<const DecodedBlock>> blocks_;  // more than one only if the pack was merged meanwhile
  std::vector<Bytes> strays_;                                // of chunks without location
  std::vector<ByteView> bytes_;
  std::vector<bool> good_;
};

}  // namespace store
