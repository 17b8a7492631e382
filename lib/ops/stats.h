#pragma once

#include "ops/content_walk.h"

namespace store {

/// cli contract §5 `stats`. "All commits" are those that branches, tags and HEAD reach; a file counts once for each commit that has
/// it. What index and oplog name beside them is referenced too: `undo` needs it.
struct StatsResult {
  std::uint64_t commits = 0;
  std::uint64_t objects = 0;   // different ones
  std::uint64_t packs = 0;
  std::uint64_t layers = 0;
  ContentTotals content;       // of all commits together
  std::uint64_t logical_bytes = 0;       // files of all commits: small and large
  std::uint64_t unique_bytes = 0;        // different chunks, before compression; unreferenced ones too
  std::uint64_t stored_bytes = 0;        // all packs
  std::uint64_t unreferenced_bytes = 0;  // of these: what nothing names, a block's bytes shared out by length
  SizeHistogram chunk_sizes;
  double dedup_ratio() const;        // logical / unique; 1 if there is none
  double compression_ratio() const;  // unique / stored; 1 if there is none
};

/// Reads trees, recipes and footers, no content.
StatsResult stats(Workspace& workspace);

}  // namespace store
