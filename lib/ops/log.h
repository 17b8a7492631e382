#pragma once

#include "ops/revision.h"
#include "worktree/pathspec.h"

namespace store {

struct LogOptions {
  std::vector<ObjectId> start = {};    // tips
  std::vector<ObjectId> exclude = {};  // A of A..B and everything it reaches
  std::vector<Pathspec> paths = {};    // commits that change one of them
  std::optional<std::uint64_t> limit = {};
  std::optional<std::int64_t> since = {};
  std::optional<std::int64_t> until = {};
  std::optional<std::string> author = {};   // POSIX basic regular expression for "Name <email>", as git's
  std::optional<std::string> grep = {};     // the same for each line of the message
  std::vector<std::pair<std::string, std::optional<std::string>>> meta = {};
  bool first_parent = false;
  bool reverse = false;
};
/// Visits commits, children before parents whatever their clocks say, newest first among the free ones; `visit` returns false to stop.
/// Error{usage} for a bad expression.
void log(Workspace& workspace, const LogOptions& options,
         const std::function<bool(const ObjectId& id, const Commit& commit)>& visit);

}  // namespace store
