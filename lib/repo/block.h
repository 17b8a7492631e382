#pragma once

#include <optional>
#include <vector>

#include "base/mutex.h"
#include "compress/zstd.h"
#include "format/pack.h"

namespace store {

/// A block being filled: objects' bytes side by side.
struct RawBlock {
  Bytes bytes;
  std::vector<ObjectKey> keys;
  std::vector<std::uint32_t> lengths;
  bool empty() const { return keys.empty(); }
};

/// A block as it goes to the pack: header and payload, ready to append.
struct EncodedBlock {
  Bytes bytes;                  // header ‖ payload
  std::vector<ObjectKey> keys;  // in order of the block's objects
  std::uint64_t raw_bytes = 0;
  bool delta = false;  // has bases
};

struct CompressionOptions {
  std::optional<int> level = 3;    // nothing: store raw
  std::uint32_t threshold = 4096;  // smaller blocks are stored raw
};

/// Compresses (probe first; keeps a frame only if it saves at least 1/16). One thread per Compressor. The block's memory goes into
/// what is returned if it is stored raw, and stays in `block` otherwise.
EncodedBlock encode_block(RawBlock& block, Compressor& compressor, const CompressionOptions& options);

/// Memory of data blocks, for the next ones: a new block costs 512 page faults. Any thread.
class BlockMemory {
 public:
  /// So many are made before one is lent again: then a process is as large as it will be after the first few blocks, not at some
  /// later moment when many happen to be on their way.
  explicit BlockMemory(std::size_t blocks) : blocks_(blocks) {}
  /// Empty, with room for a data block and its header.
  Bytes take();
  /// Lent next. Frees what is smaller than a block or more than twice as large, and all beyond what take() made.
  void give_back(Bytes bytes);

 private:
  const std::size_t blocks_;
  Mutex mutex_;
  std::size_t made_ STORE_GUARDED_BY(mutex_) = 0;
  std::vector<Bytes> spare_ STORE_GUARDED_BY(mutex_);
};

/// Groups new objects into blocks in arrival order (design §3): a data block closes before passing 2 MiB, a
/// metadata block at 128 KiB; a metadata block is handed out only after the data block that it may name.
/// Deterministic. One thread.
class BlockAssembler {
 public:
  /// Data blocks are made in `memory`, if there is one.
  explicit BlockAssembler(BlockMemory* memory = nullptr) : memory_(memory) {}
  /// Copies the bytes; blocks that are complete are appended to `closed`.
  void add(const ObjectKey& key, ByteView bytes, std::vector<RawBlock>& closed);
  /// Hands out what is left, data first.
  void flush(std::vector<RawBlock>& closed);

 private:
  BlockMemory* memory_;
  RawBlock data_;
  RawBlock metadata_;
};

/// A decoded block: every object's bytes. Immutable, shared between threads through the cache.
class DecodedBlock {
 public:
  /// `has_bases`: it was a delta, so it is no base itself.
  DecodedBlock(std::vector<BlockObject> objects, Buffer bytes, std::size_t size, bool has_bases = false);
  std::size_t size() const { return objects_.size(); }
  const BlockObject& object(std::size_t ordinal) const { return objects_[ordinal]; }
  ByteView bytes(std::size_t ordinal) const;
  std::size_t memory() const { return size_ + objects_.size() * 16; }
  bool has_bases() const { return has_bases_; }

 private:
  std::vector<BlockObject> objects_;
  std::vector<std::uint32_t> offsets_;
  Buffer bytes_;
  std::size_t size_;
  bool has_bases_;
};

}  // namespace store
