#pragma once

#include <memory>
#include <set>

#include "ops/workspace.h"

namespace store {

class ChunkLengths;

struct FsckOptions {
  enum class Mode { quick, data } mode = Mode::data;
  /// --subset: 5% | n/t | 10G, as a share of the packs' blocks.
  struct Subset {
    std::optional<double> percent;
    std::optional<std::pair<std::uint64_t, std::uint64_t>> part;  // n of t, 1-based
    std::optional<std::uint64_t> bytes;
  };
  std::optional<Subset> subset;
  /// From an earlier look at the same packs, for one that reads no block: FsckResult::lengths.
  std::shared_ptr<const ChunkLengths> lengths = {};
};
/// Error{usage} if malformed.
FsckOptions::Subset parse_subset(std::string_view text);

struct FsckProblem {
  std::string kind;  // "block", "footer", "missing_pack", "missing_object", "size", "ref", "oplog", "catalog", "table", "index", "config", …
  std::string message;
  std::optional<ObjectId> pack;
  std::optional<std::uint64_t> offset;
  std::optional<ObjectId> object;  // of a block, the first in it
  std::vector<ObjectId> objects;   // of a block, all that its pack's footer says are in it (at most 1000)
  std::vector<ObjectId> commits;   // that need it
  std::vector<std::string> paths;  // in those commits (each once, at most 1000)
};
struct FsckResult {
  std::uint64_t objects = 0;
  std::uint64_t packs = 0;
  std::uint64_t bytes_read = 0;
  std::vector<FsckProblem> problems;
  // For repair: packs of the catalog that are damaged or lost, and all objects that are needed and cannot be had.
  std::vector<ObjectId> damaged_packs;
  std::set<ObjectKey> missing;
  std::shared_ptr<const ChunkLengths> lengths;  // of what was read
};
/// quick: structure (config, catalog, footers, tables, refs, oplog, index, and that everything reachable from refs and index is there);
/// data: also reads every block and checks every SHA-256, in parallel, and that sizes are those of the content. Damage never stops it.
/// Marks damaged packs in the catalog, so that no add relies on them, if its lock is free; changes nothing else. A pack that is marked is a
/// problem for every check that does not read all of it again.
FsckResult fsck(Workspace& workspace, const FsckOptions& options);
/// The same for a caller that has entered the repository.
FsckResult fsck_inside(Workspace& workspace, const FsckOptions& options);

}  // namespace store
