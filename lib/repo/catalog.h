#pragma once

#include <optional>
#include <vector>

#include "format/catalog.h"
#include "repo/repository.h"

namespace store {

/// What the catalog says now. A value: immutable once read.
struct CatalogState {
  struct Pack {
    CatalogPack pack;
    std::uint64_t sequence =
        0;  // number of the record that added it; a replacement has the lowest it replaces
  };
  std::vector<Pack> packs;        // in order of appearance
  std::vector<ObjectId> removed;  // replaced, oldest first; a rewritten log keeps the latest
  std::uint64_t size = 0;         // bytes of valid log
  std::uint64_t records = 0;
};

/// The catalog with its layers, which only those read who ask what was published when.
struct CatalogHistory {
  struct Entry {
    Layer layer;
    std::uint64_t sequence = 0;  // number of its record
    bool operator==(const Entry&) const = default;
  };
  CatalogState state;
  std::vector<Entry> layers;  // oldest first
};

/// Reads the whole log; a torn tail is ignored. Error{corrupt} for other damage (hint: store fsck).
CatalogState read_catalog(const Repository& repository);
CatalogHistory read_catalog_history(const Repository& repository);
/// The packs that are there and no layer published: left by an interruption, or made by a merge, a repack or a repair. In order of
/// appearance.
std::vector<CatalogPack> packs_in_no_layer(const CatalogHistory& history);

/// Appends records in one step under the catalog lock: cuts off a torn tail first, one write, one fdatasync.
/// The packs must be durable already: file and directory synced (docs/durability.md "Publishing a pack").
/// AddPacks of a pack that is live sets its flags anew: so fsck marks one as damaged. The size recorded is
/// the file's. A pack that was merged away since it was sealed (two adders, the same content) is left out:
/// its objects live on. Packs that a ReplacePacks takes out are unlinked before the lock is let go;
/// Error{conflict} if one is not live. With enough dead records in it the log is rewritten
/// through tmp and rename.
void append_catalog(const Repository& repository, const std::vector<CatalogRecord>& records,
                    const LockWait& wait);

}  // namespace store
