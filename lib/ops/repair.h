#pragma once

#include "ops/fsck.h"

namespace store {

/// Something that repair put right.
struct Repaired {
  std::string kind;  // as FsckProblem
  std::string message;
  std::optional<ObjectId> pack;
  std::string quarantined;  // where the damaged file is now, from the repository's folder; "" if there was none
};

struct RepairResult {
  FsckResult left;  // what is still wrong; `objects` and `packs` are those of the repository as it is now
  std::vector<Repaired> repaired;
};

/// Checks as fsck() does, and mends what can be mended; whatever it replaces is kept in quarantine, nothing is deleted. In order:
/// catalog and strays, packs, tables, refs and oplog, index, and then the objects that are missing, which are taken from the working
/// tree where their content is there (durability.md "Repair"). Interrupted anywhere, it can be run again. Nobody else may change the
/// index or merge packs meanwhile; adding content, and reading, go on. `config_text`: of a new config, if that file is lost.
RepairResult repair(Workspace& workspace, const FsckOptions& options, const std::string& config_text);

}  // namespace store
