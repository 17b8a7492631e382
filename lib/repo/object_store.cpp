#include "repo/object_store.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>

#include "base/error.h"
#include "repo/block_cache.h"
#include "repo/open_packs.h"
#include "repo/pack_index.h"

namespace store {
namespace {

constexpr int k_refresh_attempts = 3;
constexpr int k_max_table_steps = 64;

Decompressor& thread_decompressor() {
  thread_local Decompressor decompressor;
  return decompressor;
}

bool is_corrupt(const Error& error) { return error.kind() == ErrorKind::corrupt; }

}  // namespace

struct ObjectStore::State {
  State(const Repository& where, const Options& options)
      : repository(where), packs(where), cache(options.cache_bytes) {}

  std::shared_ptr<const PackIndex> index() {
    const MutexLock lock(mutex);
    return current;
  }
  void install(std::shared_ptr<const PackIndex> next) {
    const MutexLock lock(mutex);
    current = std::move(next);
  }
  void refresh(FooterView::Verify verify);

  std::shared_ptr<const DecodedBlock> load(const ObjectLocation& at, const ObjectReader* bases);
  std::shared_ptr<const DecodedBlock> load_object(const ObjectKey& key, ObjectLocation& at,
                                                  const ObjectReader* bases);
  std::shared_ptr<const DecodedBlock> load_other_copy(const ObjectKey& key, ObjectLocation& at,
                                                      const ObjectReader* bases);

  const Repository& repository;
  std::mutex updates;  // one change of the index at a time; taken before `mutex`
  Mutex mutex;
  std::shared_ptr<const PackIndex> current STORE_GUARDED_BY(mutex);
  OpenPacks packs;
  BlockCache cache;
  std::atomic<bool> verified{false};
  std::atomic<std::uint64_t> hits{0};
  std::atomic<std::uint64_t> misses{0};
  std::atomic<std::uint64_t> blocks_read{0};
  std::atomic<std::uint64_t> bytes_read{0};
};

/// A pack that was merged away between reading the catalog and opening its footer makes it read the catalog
/// again; a pack that stays gone is damage, which lookups of its objects report.
void ObjectStore::State::refresh(FooterView::Verify verify) {
  const std::lock_guard<std::mutex> update(updates);
  std::shared_ptr<const PackIndex> next;
  for (int attempt = 0; attempt < k_refresh_attempts && (!next || next->lost()); ++attempt) {
    auto catalog = std::make_shared<const CatalogState>(read_catalog(repository));
    next = PackIndex::build(repository, std::move(catalog), index().get(), verify);
  }
  install(std::move(next));
  packs.clear();
}

/// Nothing if the pack's file is gone.
std::shared_ptr<const DecodedBlock> ObjectStore::State::load(const ObjectLocation& at,
                                                             const ObjectReader* bases) {
  const BlockCache::Key key{at.pack, at.block_offset};
  if (auto block = cache.get(key)) {
    ++hits;
    return block;
  }
  const std::shared_ptr<const OpenPack> pack = packs.open(at.pack);
  if (!pack) return nullptr;
  ++misses;
  const StoredBlock stored = read_block_at(pack->fd.get(), pack->name, at.block_offset, pack->size);
  ++blocks_read;
  bytes_read += stored.bytes.size();
  auto block = std::make_shared<const DecodedBlock>(decode_block(stored, thread_decompressor(), bases));
  cache.put(key, block);
  return block;
}

/// load() with the checks that the block really has this object there.
std::shared_ptr<const DecodedBlock> ObjectStore::State::load_object(const ObjectKey& key, ObjectLocation& at,
                                                                    const ObjectReader* bases) {
  std::shared_ptr<const DecodedBlock> block = load(at, bases);
  if (!block) {
    refresh(FooterView::Verify::no);
    if (const auto copy = index()->find(key)) at = copy->location;
    block = load(at, bases);
  }
  if (!block) throw_corrupt(fmt::format("pack {}: missing", at.pack.short_hex()));
  if (at.ordinal >= block->size() || block->object(at.ordinal).type != key.type)
    throw_corrupt(fmt::format("pack {}: block at offset {}: object {} is no {}", at.pack.short_hex(),
                              at.block_offset, at.ordinal, name_of(key.type)));
  return block;
}

/// After damage: the copies in other places, among them where the pack's own footer says (a table may be
/// wrong).
std::shared_ptr<const DecodedBlock> ObjectStore::State::load_other_copy(const ObjectKey& key,
                                                                        ObjectLocation& at,
                                                                        const ObjectReader* bases) {
  std::vector<ObjectLocation> others;
  const auto consider = [&](const ObjectLocation& location) {
    if (location != at) others.push_back(location);
  };
  index()->for_each_copy(key, [&](const PackIndex::Copy& copy) {
    consider(copy.location);
    return true;
  });
  try {
    if (const auto pack = open_pack(repository, at.pack)) {
      const FooterView footer(pack->footer, FooterView::Verify::no);
      if (const auto entry = footer.find(key))
        consider({at.pack, footer.block_offset(entry->block), entry->ordinal});
    }
  } catch (const Error& error) {
    if (!is_corrupt(error)) throw;
  }
  for (ObjectLocation location : others) {
    try {
      auto block = load_object(key, location, bases);
      at = location;
      return block;
    } catch (const Error& error) {
      if (!is_corrupt(error)) throw;
    }
  }
  return nullptr;
}

ObjectStore::ObjectStore(const Repository& repository, const Options& options)
    : state_(std::make_unique<State>(repository, options)) {
  refresh();
}

ObjectStore::~ObjectStore() = default;

std::optional<ObjectLocation> ObjectStore::find(const ObjectKey& key) const {
  const auto copy = state_->index()->find(key);
  if (!copy) return std::nullopt;
  return copy->location;
}

bool ObjectStore::known_for_deduplication(const ObjectKey& key) const {
  const auto copy = state_->index()->find(key);
  return copy && copy->pack_flags == 0;
}

std::shared_ptr<const DecodedBlock> ObjectStore::read_block(const ObjectKey& key,
                                                            ObjectLocation& location) const {
  try {
    return state_->load_object(key, location, this);
  } catch (const Error& error) {
    if (!is_corrupt(error)) throw;
    if (auto block = state_->load_other_copy(key, location, this)) return block;
    throw;
  }
}

Bytes ObjectStore::read_base(const ObjectId& chunk) const {
  const ObjectKey key{ObjectType::chunk, chunk};
  std::vector<ObjectLocation> copies;
  state_->index()->for_each_copy(key, [&](const PackIndex::Copy& copy) {
    if (!copy.delta) copies.push_back(copy.location);
    return true;
  });
  for (ObjectLocation& location : copies) {
    try {
      // Without a reader for bases a block that has some is refused: depth is 1, cycles cannot exist.
      const auto block = state_->load_object(key, location, nullptr);
      if (block->has_bases()) continue;
      const ByteView bytes = block->bytes(location.ordinal);
      return {bytes.begin(), bytes.end()};
    } catch (const Error& error) {
      if (!is_corrupt(error)) throw;
    }
  }
  throw_corrupt(fmt::format("base {}: no copy without bases", chunk.hex()));
}

void ObjectStore::refresh() { state_->refresh(FooterView::Verify::no); }

void ObjectStore::refresh_checked() {
  state_->verified = true;
  state_->refresh(FooterView::Verify::yes);
}

/// A wrong byte in a table (or in a large footer) can hide an object: the first time one is missing,
/// everything that is looked up in is checked, and what fails is left out.
bool ObjectStore::look_again() const {
  state_->refresh(state_->verified.exchange(true) ? FooterView::Verify::no : FooterView::Verify::yes);
  return true;
}

std::shared_ptr<const CatalogState> ObjectStore::catalog() const { return state_->index()->catalog(); }

void ObjectStore::add_pack(const CatalogPack& pack) {
  const std::lock_guard<std::mutex> update(state_->updates);
  state_->install(state_->index()->with_pack(state_->repository, pack));
}

std::vector<ObjectKey> ObjectStore::find_prefix(std::string_view hex, std::optional<ObjectType> type,
                                                std::size_t limit) const {
  return state_->index()->find_prefix(hex, type, limit);
}

void ObjectStore::maintain_tables() {
  const Repository& repository = state_->repository;
  if (!repository.writable()) return;
  const std::lock_guard<std::mutex> update(state_->updates);
  bool changed = false;
  try {
    const auto lock = repository.locks().try_acquire(LockName::merge, LockMode::exclusive);
    if (!lock) return;
    // The catalog as it is now says what is live; this store goes on with the one that it knows.
    const CatalogState catalog = read_catalog(repository);
    const auto improve = [&] {
      return improve_tables(repository, catalog,
                            open_tables(repository, state_->index()->tables(), FooterView::Verify::no));
    };
    for (int step = 0; step < k_max_table_steps && improve(); ++step) changed = true;
  } catch (const Error& error) {
    // Tables are derived: without them lookups ask more footers, so a full disk here fails no command.
    if (error.kind() == ErrorKind::bug || error.kind() == ErrorKind::interrupted) throw;
    changed = true;
  } catch (const std::bad_alloc&) {
    changed = true;
  }
  if (!changed) return;
  const std::shared_ptr<const PackIndex> old = state_->index();
  state_->install(PackIndex::build(repository, old->catalog(), old.get(), FooterView::Verify::no));
}

ObjectStore::Counters ObjectStore::counters() const {
  return {state_->hits, state_->misses, state_->blocks_read, state_->bytes_read};
}

}  // namespace store
