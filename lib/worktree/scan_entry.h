#pragma once

#include <sys/stat.h>

#include <string>

#include "worktree/scanner.h"

namespace store {

/// What a stat says, as a ScanEntry.
ScanEntry entry_of_stat(std::string path, const struct stat& info);
StatKey key_of_stat(const struct stat& info);

}  // namespace store
