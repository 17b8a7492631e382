#pragma once

#include "ops/add.h"
#include "ops/write_access.h"

namespace store {

/// What is staged where: a directory on disk, and the index that is to become like it.
struct StageTarget {
  int root_fd;
  Index& index;
  Session& session;
  const std::vector<DeadSession>& adopted;
};
AddResult stage(Workspace& workspace, const StageTarget& target, AddOptions options);

/// The body of `add`, under a WriteAccess that the caller holds (commit -a and -A stage and commit under one lock). Publishes packs, then commits the
/// index batch (durability.md "Publishing a pack", "Index batch").
AddResult stage(Workspace& workspace, WriteAccess& access, AddOptions options);

/// What the streams brought goes into the index: nothing is expected at these paths in the working tree.
void stage_streamed(const Workspace& workspace, Index& index, EntrySorter& entries, AddResult& result);

/// Adds up the figures of two inputs.
void add_counts(IngestTotals& totals, const IngestTotals& more);

/// The pipeline's options from settings.
IngestOptions ingest_options(const Workspace& workspace);
CompressionOptions compression_options(const Settings& settings);

}  // namespace store
