#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "format/listings.h"
#include "worktree/index.h"
#include "worktree/scanner.h"

namespace store {

/// A tracked directory in which, at any depth, nothing differs from the index: neither names, nor the stat of anything. Counts
/// are of what is below it.
struct UnchangedSubtree {
  std::uint64_t files = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t directories = 0;
  std::uint64_t bytes = 0;
  std::uint64_t chunks = 0;
  void add(const UnchangedSubtree& other);
};
struct UnchangedSubtrees {
  /// By path, none of them within another. Never the root.
  std::unordered_map<std::string, UnchangedSubtree> subtrees;
  /// What was known and is still true: places in the listings.
  std::vector<std::uint32_t> confirmed;
};

struct UnchangedOptions {
  unsigned threads = 1;
  /// The mode to record for what has this one (core.permissions). Any thread.
  std::function<std::uint16_t(EntryKind, std::uint16_t)> recorded_mode = {};
  /// What else must hold of a tracked file or symlink whose stat is as recorded. One thread.
  std::function<bool(const IndexEntry&)> accept = {};
  /// The same of a directory that was found. Any thread.
  std::function<bool(const IndexEntry&, const ScanEntry&)> accept_directory = {};
  std::function<void()> check_cancelled = {};
};

/// Looks at what the index has, without reading a directory: one stat a path. Ends early, with what it has, where more
/// directories have changed than not: a walk looks at them again. Memory does not depend on the number of paths.
UnchangedSubtrees find_unchanged(int root_fd, const Index& index, const KnownListingsView& known,
                                 const UnchangedOptions& options);

/// True if this file system stamps a directory whenever a name in it comes or goes. Those known to do so: ext2–4, xfs, btrfs, tmpfs.
bool stamps_directories(int root_fd);

}  // namespace store
