#include "repo/merge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "repo/directory.h"
#include "repo/merge_plan.h"
#include "repo/pack_replace.h"
#include "repo/pack_writer.h"

namespace store {
namespace {

constexpr char k_temporary[] = "pack.tmp-merge";

/// Gives every block of a pack with the keys of its objects. A footer lists an object once even if two blocks
/// hold it: the keys that it leaves out come from the bytes.
class BlockReader {
 public:
  explicit BlockReader(const PackFile& pack)
      : pack_(pack), footer_(pack.footer, FooterView::Verify::no), listed_(footer_.blocks()) {
    for (std::size_t i = 0; i < footer_.size(); ++i) {
      const FooterEntry entry = footer_.entry(i);
      listed_[entry.block].push_back({entry.ordinal, entry.key});
    }
  }
  std::size_t size() const { return footer_.blocks(); }

  EncodedBlock read(std::size_t index) {
    const std::uint64_t offset = footer_.block_offset(index);
    const std::uint64_t end = index + 1 < size() ? footer_.block_offset(index + 1) : pack_.footer_offset;
    StoredBlock stored = read_stored_block(pack_, offset, end);
    EncodedBlock block;
    block.keys = keys_of(stored, listed_[index]);
    block.raw_bytes = stored.header.raw_length;
    block.delta = !stored.header.bases.empty();
    block.bytes = std::move(stored.bytes);
    return block;
  }

 private:
  struct Listed {
    std::uint32_t ordinal;
    ObjectKey key;
  };

  std::vector<ObjectKey> keys_of(const StoredBlock& stored, const std::vector<Listed>& listed) {
    const std::vector<BlockObject>& objects = stored.header.objects;
    std::vector<ObjectKey> keys(objects.size());
    std::size_t known = 0;
    for (const Listed& entry : listed) {
      if (entry.ordinal >= keys.size() || objects[entry.ordinal].type != entry.key.type)
        throw_corrupt(fmt::format("pack {}: footer names an object that its block does not have",
                                  pack_.id.short_hex()));
      keys[entry.ordinal] = entry.key;
      ++known;
    }
    if (known < keys.size()) compute_missing(stored, keys);
    return keys;
  }

  void compute_missing(const StoredBlock& stored, std::vector<ObjectKey>& keys) {
    const DecodedBlock block = decode_block(stored, decompressor_, nullptr);
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (keys[i].id.is_zero())
        keys[i] = {block.object(i).type, object_id(block.object(i).type, block.bytes(i))};
  }

  const PackFile& pack_;
  FooterView footer_;
  std::vector<std::vector<Listed>> listed_;
  Decompressor decompressor_;
};

void copy_pack(const Repository& repository, const ObjectId& source, PackWriter& writer,
               std::vector<CatalogPack>& sealed) {
  const std::optional<PackFile> file = open_pack(repository, source);
  if (!file) throw_corrupt(fmt::format("pack {}: missing", source.short_hex()));
  BlockReader reader(*file);
  for (std::size_t i = 0; i < reader.size(); ++i) {
    const EncodedBlock block = reader.read(i);
    if (!writer.fits(block)) sealed.push_back(writer.seal());
    writer.append(block);
  }
}

/// Copies every block of the packs, in their order, and seals the copies into `sealed`: durable, not yet in
/// the catalog. Returns the pack that turned out damaged, if one did.
std::optional<CatalogPack> copy_packs(const Repository& repository, const std::vector<CatalogPack>& packs,
                                      PackWriter& writer, std::vector<CatalogPack>& sealed) {
  for (const CatalogPack& source : packs) {
    try {
      copy_pack(repository, source.id, writer, sealed);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      return source;
    }
  }
  if (!writer.empty()) sealed.push_back(writer.seal());
  return std::nullopt;
}

/// durability.md: merge 2–4. Returns the bytes written.
std::uint64_t replace_packs(const Repository& repository, const std::vector<CatalogPack>& packs,
                            PackWriter& writer, const LockWait& wait) {
  std::vector<CatalogPack> merged;
  std::optional<CatalogPack> damaged;
  try {
    damaged = copy_packs(repository, packs, writer, merged);
  } catch (...) {
    unlink_unnamed(repository, merged);
    throw;
  }
  if (damaged) {
    writer.discard();
    unlink_unnamed(repository, merged);
    mark_damaged(repository, *damaged, wait);
    return 0;
  }
  std::uint64_t bytes = 0;
  for (const CatalogPack& pack : merged) bytes += pack.size;
  publish_replacement(repository, packs, merged, wait);
  return bytes;
}

}  // namespace

MergeTotals merge_small_packs(const Repository& repository, ObjectStore& objects, int session_fd,
                              const LockWait& wait, bool sync) {
  MergeTotals totals;
  const auto lock = repository.locks().try_acquire(LockName::merge, LockMode::exclusive);
  if (!lock) return totals;
  const CatalogState catalog = read_catalog(repository);
  totals.packs_before = totals.packs_after = catalog.packs.size();
  const std::vector<CatalogPack> packs = choose_packs_to_merge(catalog);
  if (packs.empty()) return totals;
  unlink_if_exists(repository.fs(), session_fd, k_temporary);
  PackWriter writer(repository, session_fd, sync, k_temporary);
  try {
    totals.bytes_rewritten = replace_packs(repository, packs, writer, wait);
  } catch (...) {
    writer.discard();
    throw;
  }
  objects.refresh();
  totals.packs_after = objects.catalog()->packs.size();
  return totals;
}

}  // namespace store
