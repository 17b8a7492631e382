#pragma once

#include <functional>
#include <vector>

#include "base/cancel.h"
#include "pipeline/progress.h"
#include "repo/object_store.h"

namespace store {

/// One stored block to verify.
struct BlockPlace {
  ObjectId pack;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
};

/// Damage in a block: the whole block cannot be read (no key), or one object in it is not what its id says.
struct BlockDamage {
  BlockPlace place;
  std::optional<ObjectKey> key;
  std::span<const FooterEntry> listed;  // what the footer says is in the block; valid during the call
  std::string message;                  // names the pack, and the object
};

struct VerifyTotals {
  std::uint64_t blocks = 0;
  std::uint64_t objects = 0;
  std::uint64_t bytes_read = 0;
};

/// What is told of blocks, from one thread at a time.
struct VerifyPorts {
  std::function<void(const BlockDamage&)> damaged;
  /// Each block that could be decoded.
  std::function<void(const BlockPlace&, const DecodedBlock&)> decoded = {};
};

struct VerifyOptions {
  unsigned threads = 1;
  std::uint64_t memory = 64u << 20;  // budget for blocks in flight
  const CancelToken* cancel = nullptr;
  Progress* progress = nullptr;
};

/// Reads and decodes blocks in parallel and checks every object's id, with no more threads than the memory bears.
/// The footers give the ids that a block's objects must have.
VerifyTotals verify_blocks(const Repository& repository, const ObjectReader& objects,
                           const std::vector<BlockPlace>& places, const VerifyPorts& ports,
                           const VerifyOptions& options);

/// The blocks of a pack, in order.
std::vector<BlockPlace> blocks_of(const PackFile& pack);

}  // namespace store
