#include "repo/pack_replace.h"

#include <algorithm>

#include "base/error.h"
#include "repo/catalog.h"
#include "repo/directory.h"

namespace store {
namespace {

constexpr std::uint64_t k_cleanup_wait = 1000;  // ms

std::vector<ObjectId> ids_of(const std::vector<CatalogPack>& packs) {
  std::vector<ObjectId> ids;
  for (const CatalogPack& pack : packs) ids.push_back(pack.id);
  return ids;
}

}  // namespace

void mark_damaged(const Repository& repository, CatalogPack pack, const LockWait& wait) {
  pack.flags |= k_pack_damaged;
  append_catalog(repository, {AddPacks{{pack}}}, wait);
}

/// Under the catalog lock: a writer may have adopted one of them meanwhile.
void unlink_unnamed(const Repository& repository, const std::vector<CatalogPack>& sealed) {
  if (sealed.empty()) return;
  quietly([&] {
    const Lock lock = repository.locks().acquire(LockName::catalog, LockMode::exclusive,
                                                 {.timeout_ms = k_cleanup_wait, .on_wait = {}, .cancel = nullptr});
    const CatalogState catalog = read_catalog(repository);
    for (const CatalogPack& pack : sealed) {
      const bool named = std::any_of(catalog.packs.begin(), catalog.packs.end(),
                                     [&](const CatalogState::Pack& live) { return live.pack.id == pack.id; });
      if (!named) unlink_if_exists(repository.fs(), repository.fd(), layout::pack_path(pack.id));
    }
  });
}

/// Where the catalog's own write or sync was refused, nobody knows what the disk will say after a power loss: the copies
/// stay, and the next `add` adopts them.
void publish_replacement(const Repository& repository, const std::vector<CatalogPack>& originals,
                         const std::vector<CatalogPack>& copies, const LockWait& wait) {
  try {
    append_catalog(repository, {ReplacePacks{.removed = ids_of(originals), .added = copies}}, wait);
  } catch (const Error& error) {
    const bool unwritten = error.kind() == ErrorKind::locked || error.kind() == ErrorKind::conflict ||
                           error.kind() == ErrorKind::permission || error.kind() == ErrorKind::interrupted;
    if (unwritten) unlink_unnamed(repository, copies);
    throw;
  }
}

}  // namespace store
