#pragma once

#include <functional>
#include <optional>

#include "base/cancel.h"
#include "pipeline/progress.h"
#include "repo/object_store.h"

namespace store {

/// A stretch of content to send: part of a chunk, or zeros.
struct StreamPiece {
  std::optional<ObjectId> chunk;  // nothing: zeros
  std::uint64_t length = 0;       // of the whole chunk
  std::uint64_t skip = 0;         // its bytes before the stretch
  std::uint64_t take = 0;         // bytes of the stretch
};

struct StreamOptions {
  unsigned threads = 1;               // 1: no TBB at all
  std::uint64_t memory = 64u << 20;   // budget for decoded blocks in flight
  const CancelToken* cancel = nullptr;
  Progress* progress = nullptr;
};

/// Sends pieces in order to `sink`, decoding ahead on several threads: each run of chunks of one block is decoded once, and every
/// chunk is verified before any of its bytes is sent. `next` and `sink` are called by one thread at a time each.
void read_stream(const ObjectReader& objects, const std::function<std::optional<StreamPiece>()>& next,
                 const std::function<void(ByteView)>& sink, const StreamOptions& options);

}  // namespace store
