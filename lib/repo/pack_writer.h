#pragma once

#include <functional>
#include <vector>

#include "format/catalog.h"
#include "repo/block.h"
#include "repo/repository.h"

namespace store {

/// Appends blocks to `pack.tmp` of a session: space reserved in steps, writes of at most 1 MiB, write-back started
/// behind them; sealed with footer, one fdatasync, close, rename to its id, directory fsync. One thread at a time.
class PackWriter {
 public:
  /// Creates the temporary in `directory_fd` lazily, with the first block.
  PackWriter(const Repository& repository, int directory_fd, bool sync);

  void append(const EncodedBlock& block);
  bool empty() const { return entries_.empty(); }
  /// The pack has reached its limit: seal it before the next block.
  bool full() const;
  /// Bytes so far.
  std::uint64_t size() const { return offset_; }
  /// Footer, sync, rename, directory sync. The pack is durable but not yet in the catalog. Starts over.
  CatalogPack seal();

 private:
  const Repository& repository_;
  int directory_fd_;
  bool sync_;
  UniqueFd fd_;
  std::uint64_t offset_ = 0;
  std::uint64_t reserved_ = 0;
  std::vector<std::uint64_t> block_offsets_;
  std::vector<FooterEntry> entries_;
};

/// Takes over a dead session's `pack.tmp` (docs/durability.md "Adoption"): checks blocks and every object's SHA-256
/// in order, truncates after the last good one, writes the footer, seals. Nothing is copied.
/// Nothing to save: the file is removed and the result is empty.
std::optional<CatalogPack> salvage_pack(const Repository& repository, int directory_fd);

}  // namespace store
