#include "repo/catalog.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "repo/directory.h"

namespace store {
namespace {

constexpr std::uint64_t k_max_catalog = 4ULL << 30;
/// Every start replays the log (0.9 µs a dead record, layers but 0.1), so it is rewritten when this much is dead and that is
/// an eighth: a dead byte costs at most 8 written ones.
constexpr std::uint64_t k_max_dead = 32u << 10;
constexpr std::uint64_t k_max_dead_share = 8;
constexpr std::size_t k_kept_removed = 256;

/// Plays records one after the other. Packs that went stay in `packs_`, without an entry in `live_`, until
/// the end.
class Replay {
 public:
  /// `size`: the record's bytes in the log.
  void apply(const std::optional<CatalogRecord>& record, std::size_t size) {
    if (record) std::visit([this](const auto& value) { play(value); }, *record);
    if (!record || std::holds_alternative<Layer>(*record)) layer_bytes_ += size;
    ++state_.records;
  }
  const CatalogPack* find(const ObjectId& id) const {
    const auto found = live_.find(id);
    return found == live_.end() ? nullptr : &packs_[found->second].pack;
  }
  const std::vector<ObjectId>& removed() const { return state_.removed; }
  /// About what a rewritten log would have: layers never die.
  std::uint64_t live_bytes() const {
    const std::size_t kept = std::min(state_.removed.size(), k_kept_removed);
    return k_catalog_header_size + layer_bytes_ + live_.size() * sizeof(CatalogPack) + kept * sizeof(ObjectId);
  }
  const std::vector<CatalogHistory::Entry>& layers() const { return layers_; }

  /// The state so far; `size` is the log's.
  CatalogState finish(std::uint64_t size) const {
    CatalogState state = state_;
    state.size = size;
    for (std::size_t i = 0; i < packs_.size(); ++i) {
      const auto found = live_.find(packs_[i].pack.id);
      if (found != live_.end() && found->second == i) state.packs.push_back(packs_[i]);
    }
    std::stable_sort(state.packs.begin(), state.packs.end(),
                     [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
    return state;
  }

 private:
  void add(const CatalogPack& pack, std::uint64_t sequence) {
    const auto [at, is_new] = live_.try_emplace(pack.id, packs_.size());
    if (is_new)
      packs_.push_back({pack, sequence});
    else
      packs_[at->second].pack = pack;
  }
  void play(const AddPacks& record) {
    for (const CatalogPack& pack : record.packs) add(pack, state_.records);
  }
  void play(const ReplacePacks& record) {
    std::uint64_t sequence = state_.records;
    for (const ObjectId& id : record.removed) {
      state_.removed.push_back(id);
      const auto found = live_.find(id);
      if (found == live_.end()) continue;  // a rewritten log starts with packs that went before
      sequence = std::min(sequence, packs_[found->second].sequence);
      live_.erase(found);
    }
    for (const CatalogPack& pack : record.added) add(pack, sequence);
  }
  void play(const Layer& layer) { layers_.push_back({layer, state_.records}); }

  CatalogState state_;
  std::vector<CatalogHistory::Entry> layers_;
  std::uint64_t layer_bytes_ = 0;
  std::vector<CatalogState::Pack> packs_;
  std::unordered_map<ObjectId, std::size_t, ObjectIdHash> live_;
};

struct ReadLog {
  Replay replay;
  std::uint64_t size = 0;       // of the good part
  std::uint64_t file_size = 0;  // a torn tail included
};

ReadLog play_log(ByteView log, LayerRecords layers) try {
  ReadLog result;
  result.file_size = log.size();
  check_catalog_header(log.first(std::min(log.size(), k_catalog_header_size)));
  std::size_t offset = k_catalog_header_size;
  bool torn = false;
  while (const std::optional<CatalogStep> step = next_catalog_record(log.subspan(offset), torn, layers)) {
    result.replay.apply(step->record, step->size);
    offset += step->size;
  }
  result.size = offset;
  return result;
} catch (Error& error) {
  if (error.kind() == ErrorKind::corrupt) error.with_hint("store fsck");
  throw;
}

ReadLog read_log(const Repository& repository, LayerRecords layers) {
  const std::optional<Bytes> log = read_file(repository.fd(), layout::k_catalog, k_max_catalog);
  if (!log) throw Error(ErrorKind::corrupt, "catalog: missing", "store fsck");
  return play_log(*log, layers);
}

/// What is really to be appended, given the log as it is under the lock.
class Settler {
 public:
  Settler(const Repository& repository, const Replay& replay) : repository_(repository), replay_(replay) {}

  std::optional<CatalogRecord> settle(const AddPacks& record) const {
    AddPacks settled;
    for (const CatalogPack& pack : record.packs) {
      const std::optional<CatalogPack> found = settle_pack(pack);
      if (!found) continue;
      const CatalogPack* live = replay_.find(pack.id);
      if (live == nullptr || *live != *found) settled.packs.push_back(*found);
    }
    if (settled.packs.empty()) return std::nullopt;
    return settled;
  }
  std::optional<CatalogRecord> settle(const ReplacePacks& record) const {
    ReplacePacks settled{.removed = record.removed, .added = {}};
    for (const ObjectId& id : record.removed)
      if (replay_.find(id) == nullptr)
        throw Error(ErrorKind::conflict, fmt::format("pack {}: no longer in the catalog", id.short_hex()));
    for (const CatalogPack& pack : record.added)
      if (const std::optional<CatalogPack> found = settle_pack(pack)) settled.added.push_back(*found);
    return settled;
  }
  std::optional<CatalogRecord> settle(const Layer& layer) const { return layer; }

 private:
  /// Packs are unlinked under the catalog lock only, so a file that is there now stays there. A namesake may
  /// have taken the file's place with blocks of other lengths, so its size is what the file says.
  std::optional<CatalogPack> settle_pack(CatalogPack pack) const {
    const std::optional<struct stat> file = stat_at(repository_.fd(), layout::pack_path(pack.id));
    if (file) {
      pack.size = static_cast<std::uint64_t>(file->st_size);
      return pack;
    }
    if (replay_.find(pack.id) != nullptr) return pack;  // a lost pack that is being marked as damaged
    const std::vector<ObjectId>& removed = replay_.removed();
    if (std::find(removed.begin(), removed.end(), pack.id) != removed.end()) return std::nullopt;
    throw Error(ErrorKind::corrupt,
                fmt::format("pack {}: gone before it was published", pack.id.short_hex()));
  }

  const Repository& repository_;
  const Replay& replay_;
};

/// Header and live records, preceded by the latest packs that went (settle_pack() asks for them).
Bytes compact_log(const CatalogState& state, const std::vector<CatalogHistory::Entry>& layers) {
  Bytes log = encode_catalog_header();
  const auto put = [&log](const CatalogRecord& record) {
    const Bytes bytes = encode_catalog_record(record);
    log.insert(log.end(), bytes.begin(), bytes.end());
  };
  const std::size_t kept = std::min(state.removed.size(), k_kept_removed);
  const auto latest = state.removed.end() - static_cast<std::ptrdiff_t>(kept);
  if (kept != 0) put(ReplacePacks{.removed = {latest, state.removed.end()}, .added = {}});
  AddPacks packs;
  const auto put_packs = [&] {
    if (!packs.packs.empty()) put(packs);
    packs.packs.clear();
  };
  std::size_t layer = 0;
  const auto put_layers_before = [&](std::uint64_t sequence) {
    for (; layer < layers.size() && layers[layer].sequence < sequence; ++layer) {
      put_packs();
      put(layers[layer].layer);
    }
  };
  for (const CatalogState::Pack& pack : state.packs) {
    put_layers_before(pack.sequence);
    packs.packs.push_back(pack.pack);
  }
  put_packs();
  put_layers_before(~0ULL);
  return log;
}

/// The records are durable; what is left of replaced packs is garbage that the next replacement finds again.
void unlink_removed(const Repository& repository, const CatalogState& state, std::size_t just_removed) {
  std::unordered_set<ObjectId, ObjectIdHash> live;
  for (const CatalogState::Pack& pack : state.packs) live.insert(pack.pack.id);
  const std::size_t count = std::max(just_removed, k_kept_removed);  // older ones: what a killed writer left
  const std::size_t from = state.removed.size() - std::min(state.removed.size(), count);
  for (std::size_t i = from; i < state.removed.size(); ++i) {
    if (live.contains(state.removed[i])) continue;
    const std::string path = layout::pack_path(state.removed[i]);
    if (!stat_at(repository.fd(), path)) continue;
    quietly([&] { repository.fs().unlink({repository.fd(), path.c_str()}); });
  }
}

/// durability.md: catalog. The log is complete without this, so a refusal (a full disk) is no failure of the
/// append.
void rewrite_if_dead(const Repository& repository, std::uint64_t size, std::uint64_t dead) {
  if (dead < std::max(k_max_dead, size / k_max_dead_share)) return;
  const ReadLog old = read_log(repository, LayerRecords::decode);
  const Bytes log = compact_log(old.replay.finish(old.size), old.replay.layers());
  quietly([&] {
    remove_leftovers(repository.fs(), repository.fd(), layout::k_catalog);
    replace_file(repository.fs(), repository.fd(), layout::k_catalog, log, SyncDirectory::yes);
  });
}

/// One write, one sync; when either is refused the log gets its old length back, as far as that is possible.
void append_bytes(FileSystem& fs, int fd, ByteView bytes, const ReadLog& log) {
  if (log.file_size > log.size) fs.truncate(fd, log.size);  // durability.md: pack 7
  try {
    fs.pwrite(fd, bytes, log.size);  // durability.md: pack 8
    fs.fdatasync(fd);                // durability.md: pack 9
  } catch (...) {
    quietly([&] { fs.truncate(fd, log.size); });
    throw;
  }
}

ReadLog read_consistent_log(const Repository& repository, LayerRecords layers) {
  try {
    return read_log(repository, layers);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
  }
  // Without the lock a writer may have cut off a torn tail and appended between two reads of ours.
  const Lock lock = repository.locks().acquire(LockName::catalog, LockMode::shared, {});
  return read_log(repository, layers);
}

}  // namespace

CatalogState read_catalog(const Repository& repository) {
  const ReadLog log = read_consistent_log(repository, LayerRecords::skip);
  return log.replay.finish(log.size);
}

CatalogHistory read_catalog_history(const Repository& repository) {
  const ReadLog log = read_consistent_log(repository, LayerRecords::decode);
  return {.state = log.replay.finish(log.size), .layers = log.replay.layers()};
}

std::vector<CatalogPack> packs_in_no_layer(const CatalogHistory& history) {
  std::unordered_set<ObjectId, ObjectIdHash> published;
  for (const CatalogHistory::Entry& entry : history.layers) published.insert(entry.layer.packs.begin(), entry.layer.packs.end());
  std::vector<CatalogPack> others;
  for (const CatalogState::Pack& pack : history.state.packs)
    if (!published.contains(pack.pack.id)) others.push_back(pack.pack);
  return others;
}

void append_catalog(const Repository& repository, const std::vector<CatalogRecord>& records,
                    const LockWait& wait) {
  const Lock lock = repository.locks().acquire(LockName::catalog, LockMode::exclusive, wait);
  ReadLog log = read_log(repository, LayerRecords::skip);
  Bytes bytes;
  const std::size_t removed_before = log.replay.removed().size();
  for (const CatalogRecord& record : records) {
    const Settler settler(repository, log.replay);
    const auto settled = std::visit([&](const auto& value) { return settler.settle(value); }, record);
    if (!settled) continue;
    const Bytes encoded = encode_catalog_record(*settled);
    bytes.insert(bytes.end(), encoded.begin(), encoded.end());
    log.replay.apply(*settled, encoded.size());
  }
  if (bytes.empty()) return;
  const UniqueFd fd = repository.fs().open({repository.fd(), layout::k_catalog}, O_RDWR);
  append_bytes(repository.fs(), fd.get(), bytes, log);
  const std::size_t just_removed = log.replay.removed().size() - removed_before;
  if (just_removed == 0) return;
  const CatalogState state = log.replay.finish(log.size + bytes.size());
  unlink_removed(repository, state, just_removed);
  rewrite_if_dead(repository, state.size, state.size - log.replay.live_bytes());
}

}  // namespace store
