#include "pipeline/verify.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/mutex.h"

namespace store {
namespace {

/// A pack's file with the keys of each block in object order, taken from its footer.
struct OpenPack {
  PackFile file;
  std::vector<std::uint64_t> offsets;
  std::vector<std::vector<ObjectKey>> keys;
};

OpenPack with_keys(PackFile file) {
  OpenPack pack{std::move(file), {}, {}};
  const FooterView footer(pack.file.footer, FooterView::Verify::no);
  pack.keys.resize(footer.blocks());
  for (std::size_t i = 0; i < footer.blocks(); ++i) pack.offsets.push_back(footer.block_offset(i));
  for (std::size_t i = 0; i < footer.size(); ++i) {
    const FooterEntry entry = footer.entry(i);
    std::vector<ObjectKey>& keys = pack.keys.at(entry.block);
    if (keys.size() <= entry.ordinal) keys.resize(entry.ordinal + 1);
    keys[entry.ordinal] = entry.key;
  }
  return pack;
}

class Verifier {
 public:
  Verifier(const ObjectReader& objects, const VerifyPorts& ports, Progress* progress)
      : objects_(objects), ports_(ports), progress_(progress) {}

  void verify(const OpenPack& pack, const BlockPlace& place) {
    try {
      const StoredBlock stored = read_stored_block(pack.file, place.offset, place.end);
      thread_local Decompressor decompressor;
      const DecodedBlock block = decode_block(stored, decompressor, &objects_);
      const auto at = std::lower_bound(pack.offsets.begin(), pack.offsets.end(), place.offset);
      check_objects(pack.keys[static_cast<std::size_t>(at - pack.offsets.begin())], block, place);
      count(stored.bytes.size(), block, place);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      report({place, std::nullopt, error.message()});
    }
  }

  const VerifyTotals& totals() const { return totals_; }

 private:
  void check_objects(const std::vector<ObjectKey>& keys, const DecodedBlock& block, const BlockPlace& place) {
    if (keys.size() > block.size()) throw_corrupt("the footer lists more objects than the block has");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      // Merging copies whole blocks: an object that another block of the pack has too is listed once.
      if (keys[i] == ObjectKey{}) continue;
      if (block.object(i).type == keys[i].type && object_matches(keys[i], block.bytes(i))) continue;
      report({place, keys[i], "the content does not have this id"});
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
                           const std::vector<BlockPlace>& places, const VerifyPorts& ports, unsigned threads,
                           const CancelToken* cancel, Progress* progress) {
  Verifier verifier(objects, ports, progress);
  oneapi::tbb::task_arena arena(static_cast<int>(threads));
  // Pack by pack: one footer in memory at a time.
  for (std::size_t begin = 0; begin < places.size();) {
    std::size_t end = begin;
    while (end < places.size() && places[end].pack == places[begin].pack) ++end;
    std::optional<PackFile> file = open_or_rescue_pack(repository, places[begin].pack);
    if (file) {
      const OpenPack pack = with_keys(std::move(*file));
      arena.execute([&] {
        oneapi::tbb::parallel_for(begin, end, [&](std::size_t i) {
          if (cancel != nullptr) cancel->check();
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
