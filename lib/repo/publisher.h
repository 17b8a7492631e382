#pragma once

#include <atomic>
#include <vector>

#include "repo/key_set.h"
#include "repo/object_store.h"
#include "repo/pack_writer.h"
#include "repo/session.h"

namespace store {

/// What a publish put in.
struct PublishTotals {
  std::uint64_t objects = 0;
  std::uint64_t chunks = 0;
  std::uint64_t raw_bytes = 0;     // of chunks, before compression
  std::uint64_t stored_bytes = 0;  // pack bytes, footers included
};

/// The serial end of every writer: encoded blocks in, durable and cataloged packs out; one layer record at
/// the end. Packs are published (catalog record) as soon as they are sealed, so a kill loses at most the open
/// one, which its session keeps for adoption. One thread at a time.
class Publisher {
 public:
  Publisher(const Repository& repository, ObjectStore& objects, const Session& session, const LockWait& wait,
            bool sync);
  void append(const EncodedBlock& block);
  /// Seals what is open and appends the layer record (with the commit, if there is one). No objects: no
  /// layer.
  PublishTotals finish(std::optional<ObjectId> commit);
  /// Packs sealed so far. Their objects are found through the store: whoever remembers keys may forget those. Any thread.
  std::uint64_t sealed_packs() const { return sealed_packs_.load(std::memory_order_acquire); }

 private:
  CatalogPack seal();
  void announce(const CatalogPack& pack);
  const Repository& repository_;
  ObjectStore& objects_;
  LockWait wait_;
  PackWriter writer_;
  PublishTotals totals_;
  std::vector<ObjectId> packs_;
  std::atomic<std::uint64_t> sealed_packs_ = 0;
};

/// A whole writer on one thread: deduplicates, assembles, compresses, publishes. For trees and commits.
class ObjectWriter {
 public:
  ObjectWriter(ObjectStore& objects, Publisher& publisher, const CompressionOptions& options);
  /// False if the object is already in the repository or in this writer. Everything it names must have been
  /// put before.
  bool put(const ObjectKey& key, ByteView bytes);
  /// Hands the last blocks to the publisher.
  void flush();

 private:
  ObjectStore& objects_;
  Publisher& publisher_;
  CompressionOptions options_;
  BlockAssembler assembler_;
  Compressor compressor_;
  std::vector<RawBlock> closed_;
  KeySet seen_;  // put here, and perhaps not yet found through the store
  std::uint64_t sealed_packs_ = 0;
  void drain();
};

}  // namespace store
