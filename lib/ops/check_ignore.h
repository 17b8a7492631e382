#pragma once

#include "ops/workspace.h"
#include "worktree/ignore.h"

namespace store {

/// The rules for the whole tree: the repository's info/exclude, then the user's file (Environment::user_ignore_file). What
/// ScanOptions::ignore takes.
IgnoreScope::Pointer whole_tree_rules(const Workspace& workspace);

/// A path and the line of rules that decides about it.
struct IgnoredPath {
  std::string path;
  std::string source;  // a path from the root of the tree, or an absolute one
  std::uint32_t line = 0;
  std::string pattern;
  bool negative = false;  // the line takes the path out again
};

/// Asks about paths one by one; paths close to each other are cheap. One thread.
class IgnoreQuery {
 public:
  explicit IgnoreQuery(const Workspace& workspace);
  /// Nothing if no line decides. `path` from the root; on disk it is looked at whether it is a directory, unless
  /// `with_slash` says that it was given with a '/' at its end. What stands above it counts as directories.
  std::optional<IgnoredPath> ask(const std::string& path, bool with_slash = false);

 private:
  int root_fd_;
  IgnoreScope::Pointer outside_;
  std::string directory_;      // the one that `scope_` is for
  IgnoreScope::Pointer scope_;
};

}  // namespace store
