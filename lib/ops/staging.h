#pragma once

#include "ops/add.h"
#include "ops/write_access.h"

namespace store {

/// The body of `add`, under a WriteAccess that the caller holds (commit -a and -A stage and commit under one lock). Publishes packs, then commits the
/// index batch (durability.md "Publishing a pack", "Index batch").
AddResult stage(Workspace& workspace, WriteAccess& access, AddOptions options);

/// What the streams brought goes into the index: nothing is expected at these paths in the working tree.
void stage_streamed(const Workspace& workspace, WriteAccess& access, EntrySorter& entries, AddResult& result);

/// Adds up the figures of two inputs.
void add_counts(IngestTotals& totals, const IngestTotals& more);

/// The pipeline's options from settings.
IngestOptions ingest_options(const Workspace& workspace);
CompressionOptions compression_options(const Settings& settings);

}  // namespace store
