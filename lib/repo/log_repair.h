// Mending the logs of a repository, and what they are about: the catalog with its packs, the oplog with its refs. For
// `fsck --repair` alone (docs/durability.md "Repair").
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "format/catalog.h"
#include "format/refs.h"
#include "repo/quarantine.h"

namespace store {

/// If the catalog is gone, or is not whole to its end: keeps it in quarantine and puts one of its whole records in its place, in
/// one step. Says what was wrong; nothing if it is sound. Packs whose record is lost are for name_stray_packs().
std::optional<std::string> rebuild_catalog(const Repository& repository, const Quarantine& quarantine, const LockWait& wait);

/// Puts every file of packs/ that is named like a pack, and is not in the catalog, there: as a sound pack if it is whole, else as a
/// damaged one. Those that the catalog says were replaced only if `replaced` says so. Returns them. The catalog can be read.
enum class Replaced : bool { left_alone, named };
std::vector<CatalogPack> name_stray_packs(const Repository& repository, Replaced replaced, const LockWait& wait);

struct RefRepair {
  std::string command;  // for the oplog
  Timestamp time;
  std::string fallback_branch;  // for HEAD, where no branch was ever committed to: "refs/heads/main"
  std::function<bool(const ObjectId& commit, const ObjectId& ancestor)> descends;
};
/// Brings refs and oplog together. A ref that is lost, cannot be read or was rolled back gets the value that the oplog remembers.
/// One that is ahead of the oplog, since that lost records or since its commit descends from the one remembered, stays, and the
/// oplog gets a record of it. What is replaced is kept in quarantine. Says what was done.
std::vector<std::string> repair_refs(const Repository& repository, const Quarantine& quarantine, const RefRepair& rules,
                                     const LockWait& wait);

}  // namespace store
