#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/catalog.h"
#include "repo/block.h"
#include "repo/repository.h"

namespace store {

/// Appends blocks to `pack.tmp` of a session: space reserved in steps, writes of at most 1 MiB, write-back
/// started behind them; sealed with footer, one fdatasync, close, rename to its id, directory fsync. One
/// thread at a time. An unsealed temporary stays for salvage_pack(). Memory: 44 B per object of the open
/// pack.
class PackWriter {
 public:
  /// Creates the temporary `name` in `directory_fd` lazily, with the first block.
  PackWriter(const Repository& repository, int directory_fd, bool sync,
             std::string name = layout::k_pack_temporary);

  void append(const EncodedBlock& block);
  bool empty() const { return entries_.empty(); }
  /// The pack has reached its limit: seal it before the next block.
  bool full() const;
  /// Whether the limit on objects leaves room for this block; an empty pack takes any block.
  bool fits(const EncodedBlock& block) const;
  /// Bytes so far.
  std::uint64_t size() const { return offset_; }
  /// Footer, sync, rename, directory sync. The pack is durable but not yet in the catalog. Starts over.
  CatalogPack seal();
  /// Removes an unsealed temporary, as far as that is possible, and starts over. Never throws.
  void discard();

 private:
  void create();
  void make_room(std::uint64_t length);
  void write(ByteView bytes);
  void start_over();
  const Repository& repository_;
  int directory_fd_;
  bool sync_;
  std::string name_;
  UniqueFd fd_;
  std::uint64_t offset_ = 0;
  std::uint64_t reserved_ = 0;      // space is set aside up to here
  std::uint64_t written_back_ = 0;  // write-back was started up to here
  std::vector<std::uint64_t> block_offsets_;
  std::vector<FooterEntry> entries_;
};

/// Takes over a dead session's `pack.tmp` (docs/durability.md "Adoption"): checks blocks and every object's
/// SHA-256 in order, truncates after the last good one, writes the footer, seals. Nothing is copied. Nothing
/// to save: the file is removed and the result is empty.
std::optional<CatalogPack> salvage_pack(const Repository& repository, int directory_fd,
                                        const std::string& name = layout::k_pack_temporary);

/// Publishes packs that a killed process had sealed but not yet put into the catalog, after checking every
/// block and object of each; returns them. One that does not check stays where it is. To be called when a
/// dead session was found. A live process may be about to publish such a pack itself: twice is as good as
/// once.
std::vector<CatalogPack> adopt_unnamed_packs(const Repository& repository, const LockWait& wait);

}  // namespace store
