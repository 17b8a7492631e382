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
constexpr std::size_t k_rewrite_floor = 64u << 10;  // a shorter log is never rewritten
constexpr std::size_t k_kept_removed = 256;

/// Plays records one after the other. Packs that went stay in `packs_`, without an entry in `live_`, until
/// the end.
class Replay {
 public:
  void apply(const CatalogRecord& record) {
    std::visit([this](const auto& value) { play(value); }, record);
    ++state_.records;
  }
  const CatalogPack* find(const ObjectId& id) const {
    const auto found = live_.find(id);
    return found == live_.end() ? nullptr : &packs_[found->second].pack;
  }
  const std::vector<ObjectId>& removed() const { return state_.removed; }

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
  void play(const Layer& layer) {
    state_.layers.push_back(layer);
    state_.layer_sequence.push_back(state_.records);
  }

  CatalogState state_;
  std::vector<CatalogState::Pack> packs_;
  std::unordered_map<ObjectId, std::size_t, ObjectIdHash> live_;
};

struct ReadLog {
  Replay replay;
  std::uint64_t size = 0;       // of the good part
  std::uint64_t file_size = 0;  // a torn tail included
};

ReadLog play_log(ByteView log) try {
  ReadLog result;
  result.file_size = log.size();
  check_catalog_header(log.first(std::min(log.size(), k_catalog_header_size)));
  std::size_t offset = k_catalog_header_size;
  bool torn = false;
  while (const std::optional<CatalogStep> step = next_catalog_record(log.subspan(offset), torn)) {
    result.replay.apply(step->record);
    offset += step->size;
  }
  result.size = offset;
  return result;
} catch (Error& error) {
  if (error.kind() == ErrorKind::corrupt) error.with_hint("store fsck");
  throw;
}

ReadLog read_log(const Repository& repository) {
  const std::optional<Bytes> log = read_file(repository.fd(), layout::k_catalog, k_max_catalog);
  if (!log) throw Error(ErrorKind::corrupt, "catalog: missing", "store fsck");
  return play_log(*log);
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
Bytes compact_log(const CatalogState& state) {
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
    for (; layer < state.layers.size() && state.layer_sequence[layer] < sequence; ++layer) {
      put_packs();
      put(state.layers[layer]);
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
    try {
      repository.fs().unlink({repository.fd(), path.c_str()});
    } catch (const Error&) {
    }
  }
}

/// durability.md: catalog. The log is complete without this, so a refusal (a full disk) is no failure of the
/// append.
void rewrite_if_half_dead(const Repository& repository, const CatalogState& state) {
  if (state.size < k_rewrite_floor) return;
  const Bytes log = compact_log(state);
  if (log.size() > state.size / 2) return;
  try {
    remove_leftovers(repository.fs(), repository.fd(), layout::k_catalog);
    replace_file(repository.fs(), repository.fd(), layout::k_catalog, log, SyncDirectory::yes);
  } catch (const Error&) {
  }
}

/// One write, one sync; when either is refused the log gets its old length back, as far as that is possible.
void append_bytes(FileSystem& fs, int fd, ByteView bytes, const ReadLog& log) {
  if (log.file_size > log.size) fs.truncate(fd, log.size);  // durability.md: pack 7
  try {
    fs.pwrite(fd, bytes, log.size);  // durability.md: pack 8
    fs.fdatasync(fd);                // durability.md: pack 9
  } catch (...) {
    try {
      fs.truncate(fd, log.size);
    } catch (const Error&) {
    }
    throw;
  }
}

}  // namespace

CatalogState read_catalog(const Repository& repository) {
  const auto read = [&repository] {
    const ReadLog log = read_log(repository);
    return log.replay.finish(log.size);
  };
  try {
    return read();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
  }
  // Without the lock a writer may have cut off a torn tail and appended between two reads of ours.
  const Lock lock = repository.locks().acquire(LockName::catalog, LockMode::shared, {});
  return read();
}

void append_catalog(const Repository& repository, const std::vector<CatalogRecord>& records,
                    const LockWait& wait) {
  const Lock lock = repository.locks().acquire(LockName::catalog, LockMode::exclusive, wait);
  ReadLog log = read_log(repository);
  Bytes bytes;
  const std::size_t removed_before = log.replay.removed().size();
  for (const CatalogRecord& record : records) {
    const Settler settler(repository, log.replay);
    const auto settled = std::visit([&](const auto& value) { return settler.settle(value); }, record);
    if (!settled) continue;
    const Bytes encoded = encode_catalog_record(*settled);
    bytes.insert(bytes.end(), encoded.begin(), encoded.end());
    log.replay.apply(*settled);
  }
  if (bytes.empty()) return;
  const UniqueFd fd = repository.fs().open({repository.fd(), layout::k_catalog}, O_RDWR);
  append_bytes(repository.fs(), fd.get(), bytes, log);
  const std::size_t just_removed = log.replay.removed().size() - removed_before;
  if (just_removed == 0) return;
  const CatalogState state = log.replay.finish(log.size + bytes.size());
  unlink_removed(repository, state, just_removed);
  rewrite_if_half_dead(repository, state);
}

}  // namespace store
