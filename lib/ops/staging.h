#pragma once

#include "ops/add.h"
#include "ops/write_access.h"

namespace store {

/// The body of `add`, under a WriteAccess that the caller holds (commit -a and -A stage and commit under one lock). Publishes packs, then commits the
/// index batch (durability.md "Publishing a pack", "Index batch").
AddResult stage(Workspace& workspace, WriteAccess& access, AddOptions options);

/// The pipeline's options from settings.
IngestOptions ingest_options(const Workspace& workspace);
CompressionOptions compression_options(const Settings& settings);

}  // namespace store
