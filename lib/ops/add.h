#pragma once

#include "ops/check_ignore.h"
#include "ops/streams.h"
#include "ops/workspace.h"
#include "pipeline/ingest.h"
#include "worktree/pathspec.h"

namespace store {

struct AddOptions {
  std::vector<Pathspec> paths;
  bool all = false;     // -A: the whole tree (paths empty) or below paths, untracked too
  bool update = false;  // -u: tracked paths only
  bool dry_run = false;
  bool force = false;   // ignored paths too
  std::vector<std::string> exclude;  // patterns; hide untracked files only
  bool exclude_caches = false;
  std::optional<std::uint64_t> exclude_larger_than;
  bool one_file_system = false;
  /// Paths of --files-from: one that does not exist is a failure, not an error.
  bool paths_from_file = false;
  /// `save`: the index is only what is remembered of the tree, so nothing in it is tracked: exclusions and ignore rules hold for
  /// all, what cannot be read is left out, and an id counts only if the repository has the object.
  bool snapshot = false;
  /// What comes from elsewhere; with these, paths may be missing.
  std::vector<StreamInput> streams;
  bool covers_paths() const { return all || update || paths_from_file || !paths.empty(); }
};

struct AddResult {
  IngestTotals totals;
  bool staged = true;         // false: a stream failed, so nothing was
  std::uint64_t deleted = 0;  // tracked paths staged as deleted; directories only if nothing was tracked in them
  std::vector<PathFailure> failed;
  std::vector<IgnoredPath> ignored;  // paths that were asked for and left out for the rule that ignores them
  double seconds = 0;
};
/// Stages what is there, and the deletion of what is gone, below the paths. Holds the index lock. Not an error when some inputs
/// failed: they are in `failed`, and keep what the index had for them. If a stream failed, nothing is staged at all.
/// Without `force` what the ignore rules name stays untracked; what is tracked is never ignored.
AddResult add(Workspace& workspace, const AddOptions& options);

}  // namespace store
