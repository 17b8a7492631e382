#pragma once

#include "format/journal.h"
#include "ops/workspace.h"

namespace store {

enum class Change { added, modified, deleted, renamed, typechange };
/// "added", "modified", …
std::string_view name_of(Change change);

struct StatusEntry {
  std::string path;
  Change change{};
  std::string from;       // renamed only
  bool directory = false; // shown with a trailing '/'
};
struct StatusOptions {
  std::vector<std::string> paths;  // pathspecs
  bool all_untracked = false;      // list files instead of collapsing directories
  bool ignored = false;            // list what the ignore rules hide
};
struct StatusResult {
  std::string branch;  // "main", "" when detached
  std::optional<ObjectId> head;
  std::vector<StatusEntry> staged;
  std::vector<StatusEntry> unstaged;
  std::vector<StatusEntry> untracked;  // change = added
  std::vector<StatusEntry> ignored;    // change = added
  std::optional<SessionInfo> interrupted;
  std::vector<PathFailure> failed;
};
/// One stat per unchanged file, racily clean entries are read. Refreshes the index if its lock is free; works in a read-only
/// repository.
StatusResult status(Workspace& workspace, const StatusOptions& options);

}  // namespace store
