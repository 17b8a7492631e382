#pragma once

#include <vector>

#include "format/catalog.h"
#include "repo/repository.h"

namespace store {

/// Publishes `copies`, which are sealed, in place of `originals`, in one catalog record (durability.md "Merging packs", step 3).
void publish_replacement(const Repository& repository, const std::vector<CatalogPack>& originals,
                         const std::vector<CatalogPack>& copies, const LockWait& wait);
/// Removes sealed packs that go no further. Never throws.
void unlink_unnamed(const Repository& repository, const std::vector<CatalogPack>& sealed);
/// A damaged pack is never copied: its good blocks stay where fsck finds them, and it is not relied on again.
void mark_damaged(const Repository& repository, CatalogPack pack, const LockWait& wait);

}  // namespace store
