#include "ops/worktree_changes.h"

#include "base/error.h"
#include "base/path.h"
#include "ops/content_match.h"
#include "ops/permissions.h"
#include "ops/staged_changes.h"
#include "pipeline/content_id.h"

namespace store {
namespace {

ScanOptions scan_options(const Workspace& workspace, const Index& index, const PathspecSet& paths) {
  ScanOptions options;
  options.threads = workspace.threads();
  options.enter = [&](const ScanEntry& directory) {
    return (paths.matches(directory.path, EntryKind::directory) || paths.may_match_below(directory.path)) &&
           index.contains_within(directory.path);
  };
  return options;
}

bool same_content(const TreeEntry& a, const TreeEntry& b) { return a.kind == b.kind && a.size == b.size && a.id == b.id; }

}  // namespace

WorktreeChanges::WorktreeChanges(const Workspace& workspace, const Index& index, const PathspecSet& paths)
    : workspace_(workspace),
      paths_(paths),
      classes_(workspace.settings()),
      scanner_(workspace.worktree_fd(), "", scan_options(workspace, index, paths)),
      tracked_(index.seek("")),
      found_(scanner_.next()) {
  if (!tracked_.at_end() && tracked_.entry().path.empty()) tracked_.next();
}

std::optional<ListedChange> WorktreeChanges::next() {
  while (!tracked_.at_end()) {
    workspace_.check_cancelled();
    const IndexEntry tracked = tracked_.entry();
    tracked_.next();
    while (found_ && compare_paths(found_->path, tracked.path) < 0) found_ = scanner_.next();
    if (!paths_.matches(tracked.path, tracked.kind)) continue;
    const bool there = found_ && found_->path == tracked.path;
    if (std::optional<ListedChange> change = there ? compare(*found_, tracked) : missing(tracked)) return change;
  }
  return {};
}

std::vector<PathFailure> WorktreeChanges::failures() const {
  std::vector<PathFailure> all = failed_;
  all.insert(all.end(), scanner_.failures().begin(), scanner_.failures().end());
  return all;
}

/// A directory is listed only if nothing else tells that it is gone.
std::optional<ListedChange> WorktreeChanges::missing(const IndexEntry& tracked) const {
  if (tracked.streamed) return {};
  for (const PathFailure& failure : scanner_.failures())
    if (is_within(tracked.path, failure.path)) return {};
  const bool holds_something = !tracked_.at_end() && is_within(tracked_.entry().path, tracked.path);
  if (tracked.kind == EntryKind::directory && holds_something) return {};
  return ListedChange{tracked.path, Change::deleted, {}, tree_entry_of(tracked), {}};
}

std::optional<ListedChange> WorktreeChanges::compare(const ScanEntry& found, const IndexEntry& tracked) {
  const bool directory = tracked.kind == EntryKind::directory;
  if (found.socket || (found.kind == EntryKind::directory) != directory) return missing(tracked);
  ListedChange change{tracked.path, Change::modified, {}, tree_entry_of(tracked), entry_of(found, tracked)};
  if (!change.after) return {};
  if (!same_type(found.kind, tracked.kind)) change.change = Change::typechange;
  else if (change.before->mode == change.after->mode && (directory || same_content(*change.before, *change.after))) return {};
  return change;
}

/// Nothing if it cannot be read.
std::optional<TreeEntry> WorktreeChanges::entry_of(const ScanEntry& found, const IndexEntry& tracked) {
  TreeEntry entry = tree_entry_of(tracked);
  entry.mode = mode_of(found, &tracked, workspace_.settings().core.permissions);
  if (found.kind == EntryKind::directory) return entry;
  const bool same = same_type(found.kind, tracked.kind);
  if (!is_regular(found.kind) && found.kind != EntryKind::symlink) {
    entry.kind = found.kind;
    entry.size = found.device_number;
    entry.id = {};
    return entry;
  }
  if (same && found.stat == tracked.stat && !tracked.racy) return entry;
  try {
    if (same && found.stat.size == tracked.size && content_equals(workspace_, workspace_.worktree_fd(), found, entry)) return entry;
    if (found.kind == EntryKind::symlink) {
      entry.kind = EntryKind::symlink;
      entry.size = found.stat.size;
      entry.id = symlink_id(workspace_.worktree_fd(), found.path);
      return entry;
    }
    const ContentProfile profile = classes_.profile_of(&tracked, found.stat.size);
    const ContentId content = content_id(workspace_.worktree_fd(), found.path, profile.chunking, profile.inline_threshold);
    entry.kind = content.kind;
    entry.size = content.size;
    entry.id = content.id;
    return entry;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    failed_.push_back({found.path, error.message()});
    return {};
  }
}

}  // namespace store
