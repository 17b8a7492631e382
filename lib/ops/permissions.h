#pragma once

#include "config/config.h"
#include "format/tree.h"
#include "worktree/scanner.h"

namespace store {

/// The mode that is recorded for a file of the work tree (cli contract §2): all of 07777 with `full`; with `exec`
/// 0755 or 0644 for files by the owner's execute bit, 0755 for directories, 0644 for fifos and devices. Symlinks: 0777.
std::uint16_t recorded_mode(EntryKind kind, std::uint16_t mode, Permissions policy);

/// The mode to record for what a walk found. One that a checkout could not set, and nobody changed since, is as it is recorded.
std::uint16_t mode_of(const ScanEntry& found, const IndexEntry* tracked, Permissions policy);

}  // namespace store
