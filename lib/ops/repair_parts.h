// The rooms of `fsck --repair`; private to ops/repair.cpp. All of them run under the session, the index lock and the merge lock.
#pragma once

#include <set>

#include "ops/repair.h"
#include "repo/quarantine.h"
#include "repo/session.h"
#include "worktree/index.h"

namespace store {

/// What all rooms work with.
struct RepairSite {
  Workspace& workspace;
  const Session& session;
  Quarantine quarantine;
  std::vector<Repaired>& repaired;

  void done(std::string kind, std::string message, std::string quarantined = {}, std::optional<ObjectId> pack = {}) {
    repaired.push_back({std::move(kind), std::move(message), pack, std::move(quarantined)});
  }
};

/// Takes packs that are damaged or lost out of the catalog: what can be read of one goes into a new pack, which takes its place in
/// one step, and the damaged file into quarantine.
void repair_packs(RepairSite& site, const std::vector<ObjectId>& packs);

/// Damaged tables go into quarantine. They are derived: ObjectStore::maintain_tables() makes them anew.
void repair_tables(RepairSite& site);

/// A damaged or lost index is made anew of what is left of it, or of HEAD's commit, with the whole batches of its log.
void repair_index(RepairSite& site);

using ObjectSet = std::set<ObjectKey>;
/// Stores objects that are missing again, if the working tree or the index has what they were made of. `paths` are looked at first.
/// Returns how many objects were stored.
std::uint64_t take_from_worktree(RepairSite& site, const ObjectSet& missing, const std::vector<std::string>& paths);

}  // namespace store
