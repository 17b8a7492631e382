#pragma once

#include "ops/add.h"

namespace store {

struct CommitOptions {
  std::string message;  // as given ("" with amend: as it was, in a merge: as prepared); trailing white space and newlines are removed
  std::string prepared = {};   // by the merge that this commit finishes
  bool stage_tracked = false;  // -a
  bool stage_all = false;      // -A
  AddOptions add;              // excludes for -a/-A
  std::optional<Identity> author;
  std::optional<Timestamp> date;
  bool allow_empty = false;
  bool amend = false;        // instead of the last commit; what is not given stays as it was there
  bool skip_if_unchanged = false;
  std::map<std::string, std::string> meta;
};

/// What changed between two trees, in numbers.
struct ChangeSummary {
  std::uint64_t added = 0;
  std::uint64_t modified = 0;
  std::uint64_t deleted = 0;
};

struct CommitResult {
  bool committed = false;
  ObjectId id;  // of the new commit, or of HEAD when nothing was committed
  ObjectId tree;
  std::vector<ObjectId> parents;
  std::string branch;  // "main"; "" when detached
  std::string subject;
  bool root = false;
  IngestTotals totals;  // of the whole tree; new_* and stored_bytes: what no earlier commit holds
  ChangeSummary changes;
  std::uint64_t merged_bytes = 0;  // rewritten by merging packs
  std::vector<PathFailure> failed;
  double seconds = 0;
};
/// While a merge waits, it is finished: a second parent, also if nothing changed. Error{conflict} listing the conflicts that are open, and for
/// `amend`; staging (`stage_tracked`, `stage_all`) settles them.
/// Error{usage} for an empty message. Nothing to commit: `committed` false (the caller decides on the exit code).
CommitResult commit(Workspace& workspace, const CommitOptions& options);

}  // namespace store
