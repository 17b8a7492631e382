#include "repo/publisher.h"

#include <utility>

#include "base/system_info.h"

namespace store {
namespace {

constexpr std::int64_t k_ns_per_second = 1'000'000'000;

}  // namespace

Publisher::Publisher(const Repository& repository, ObjectStore& objects, const Session& session,
                     const LockWait& wait, bool sync)
    : repository_(repository),
      objects_(objects),
      wait_(wait),
      writer_(repository, session.directory_fd(), sync) {}

void Publisher::append(const EncodedBlock& block) {
  if (!writer_.fits(block)) {
    const CatalogPack pack = seal();
    append_catalog(repository_, {AddPacks{{pack}}}, wait_);
    announce(pack);
    objects_.maintain_tables();
  }
  writer_.append(block);
  totals_.objects += block.keys.size();
  // A block holds file content or metadata, never both.
  if (block.keys.front().type != ObjectType::chunk) return;
  totals_.chunks += block.keys.size();
  totals_.raw_bytes += block.raw_bytes;
}

CatalogPack Publisher::seal() {
  const CatalogPack pack = writer_.seal();
  packs_.push_back(pack.id);
  totals_.stored_bytes += pack.size;
  return pack;
}

/// The pack is in the catalog: lookups find its objects before anybody is told.
void Publisher::announce(const CatalogPack& pack) {
  objects_.add_pack(pack);
  sealed_packs_.fetch_add(1, std::memory_order_release);
}

PublishTotals Publisher::finish(std::optional<ObjectId> commit) {
  if (totals_.objects == 0) return {};
  std::vector<CatalogRecord> records;
  std::optional<CatalogPack> last;
  if (!writer_.empty()) {
    last = seal();
    records.emplace_back(AddPacks{{*last}});
  }
  records.emplace_back(Layer{.kind = LayerKind::full,
                             .packs = packs_,
                             .objects = totals_.objects,
                             .chunks = totals_.chunks,
                             .raw_bytes = totals_.raw_bytes,
                             .stored_bytes = totals_.stored_bytes,
                             .time = coarse_now_ns() / k_ns_per_second,
                             .commit = commit});
  append_catalog(repository_, records, wait_);
  if (last) announce(*last);
  packs_.clear();
  return std::exchange(totals_, {});
}

ObjectWriter::ObjectWriter(ObjectStore& objects, Publisher& publisher, const CompressionOptions& options)
    : objects_(objects), publisher_(publisher), options_(options) {}

bool ObjectWriter::put(const ObjectKey& key, ByteView bytes) {
  if (bytes.empty()) return false;  // the empty chunk is known to everybody
  if (objects_.known_for_deduplication(key) || !seen_.insert(key)) return false;
  assembler_.add(key, bytes, closed_);
  drain();
  return true;
}

void ObjectWriter::flush() {
  assembler_.flush(closed_);
  drain();
}

void ObjectWriter::drain() {
  for (RawBlock& block : closed_) publisher_.append(encode_block(block, compressor_, options_));
  closed_.clear();
  if (publisher_.sealed_packs() == sealed_packs_) return;
  sealed_packs_ = publisher_.sealed_packs();
  seen_.erase_if([this](const ObjectKey& key) { return objects_.known_for_deduplication(key); });
}

}  // namespace store
