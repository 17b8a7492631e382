#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worktree/scanner.h"

namespace store {

/// True if one of the patterns hides the path: a pattern with '/' is matched against the whole path, others against the
/// name; a trailing '/' means directories only.
bool is_excluded(const ScanEntry& entry, const std::vector<std::string>& patterns);

/// True if a directory holds a CACHEDIR.TAG file with the signature of the Cache Directory Tagging Specification 0.6.
bool is_cache_directory(int root_fd, const std::string& path);

}  // namespace store
