#include "pipeline/verify.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/mutex.h"
#include "pipeline/threads.h"

namespace store {
namespace {

/// What one more thread takes: a block stored and decoded, and what the heap keeps for it.
constexpr std::uint64_t k_bytes_per_thread = 10u << 20;

/// A pack's file with its footer's entries by block and place in it: 44 bytes each, whatever places they name.
struct OpenPack {
  PackFile file;
  std::vector<FooterEntry> entries;

  /// Those of the block that begins at `offset`.
  std::span<const FooterEntry> in_block(std::uint64_t offset) const {
    const FooterView footer(file.footer, FooterView::Verify::no);
    std::uint32_t low = 0, high = static_cast<std::uint32_t>(footer.blocks());
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (footer.block_offset(middle) < offset) low = middle + 1;
      else high = middle;
    }
    const auto first = std::ranges::lower_bound(entries, low, {}, &FooterEntry::block);
    const auto last = std::ranges::upper_bound(entries, low, {}, &FooterEntry::block);
    return {first, last};
  }
};

OpenPack with_entries(PackFile file) {
  OpenPack pack{std::move(file), {}};
  const FooterView footer(pack.file.footer, FooterView::Verify::no);
  pack.entries.reserve(footer.size());
  for (std::size_t i = 0; i < footer.size(); ++i) pack.entries.push_back(footer.entry(i));
  std::ranges::sort(pack.entries, {}, [](const FooterEntry& entry) { return std::pair(entry.block, entry.ordinal); });
  return pack;
}

class Verifier {
 public:
  Verifier(const ObjectReader& objects, const VerifyPorts& ports, Progress* progress)
      : objects_(objects), ports_(ports), progress_(progress) {}

  void verify(const OpenPack& pack, const BlockPlace& place) {
    const std::span<const FooterEntry> entries = pack.in_block(place.offset);
    try {
      const StoredBlock stored = read_stored_block(pack.file, place.offset, place.end);
      thread_local Decompressor decompressor;
      const DecodedBlock block = decode_block(stored, decompressor, &objects_);
      check_objects(entries, block, place);
      count(stored.bytes.size(), block, place);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      report({place, std::nullopt, entries, error.message()});
    }
  }

  const VerifyTotals& totals() const { return totals_; }

 private:
  /// Merging copies whole blocks: an object that another block of the pack has too is listed once.
  void check_objects(std::span<const FooterEntry> entries, const DecodedBlock& block, const BlockPlace& place) {
    if (!entries.empty() && entries.back().ordinal >= block.size())
      throw_corrupt(fmt::format("pack {}: block at offset {}: the footer lists more objects than it has", place.pack.short_hex(),
                                place.offset));
    const std::vector<std::optional<ObjectId>> ids = object_ids(block);
    for (const FooterEntry& entry : entries) {
      if (block.object(entry.ordinal).type == entry.key.type && ids[entry.ordinal] == entry.key.id) continue;
      report({place, entry.key, entries,
              fmt::format("pack {}: block at offset {}: object {} is not {} {}", place.pack.short_hex(), place.offset, entry.ordinal,
                          name_of(entry.key.type), entry.key.id.hex())});
    }
  }

  void count(std::size_t bytes, const DecodedBlock& block, const BlockPlace& place) {
    if (progress_ != nullptr) {
      progress_->bytes_done.fetch_add(bytes, std::memory_order_relaxed);
      progress_->chunks_done.fetch_add(block.size(), std::memory_order_relaxed);
    }
    const MutexLock lock(mutex_);
    ++totals_.blocks;
    totals_.objects += block.size();
    totals_.bytes_read += bytes;
    if (ports_.decoded) ports_.decoded(place, block);
  }

  void report(const BlockDamage& damage) {
    const MutexLock lock(mutex_);
    ports_.damaged(damage);
  }

  const ObjectReader& objects_;
  const VerifyPorts& ports_;
  Progress* progress_;
  Mutex mutex_;
  VerifyTotals totals_;
};

}  // namespace

VerifyTotals verify_blocks(const Repository& repository, const ObjectReader& objects,
                           const std::vector<BlockPlace>& places, const VerifyPorts& ports,
                           const VerifyOptions& options) {
  Verifier verifier(objects, ports, options.progress);
  const unsigned threads = affordable(options.threads, options.memory, k_bytes_per_thread);
  oneapi::tbb::task_arena arena(static_cast<int>(threads));
  // Pack by pack: one footer in memory at a time.
  for (std::size_t begin = 0; begin < places.size();) {
    std::size_t end = begin;
    while (end < places.size() && places[end].pack == places[begin].pack) ++end;
    std::optional<PackFile> file = open_or_rescue_pack(repository, places[begin].pack);
    if (file) {
      const OpenPack pack = with_entries(std::move(*file));
      arena.execute([&] {
        oneapi::tbb::parallel_for(begin, end, [&](std::size_t i) {
          if (options.cancel != nullptr) options.cancel->check();
          verifier.verify(pack, places[i]);
        });
      });
    }
    begin = end;
  }
  return verifier.totals();
}

std::vector<BlockPlace> blocks_of(const PackFile& pack) {
  const FooterView footer(pack.footer, FooterView::Verify::no);
  std::vector<BlockPlace> places;
  for (std::size_t i = 0; i < footer.blocks(); ++i) {
    const std::uint64_t end = i + 1 < footer.blocks() ? footer.block_offset(i + 1) : pack.footer_offset;
    places.push_back({pack.id, footer.block_offset(i), end});
  }
  return places;
}

}  // namespace store
