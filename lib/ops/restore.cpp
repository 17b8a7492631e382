#include "ops/restore.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/shell_quote.h"
#include "base/text.h"
#include "ops/checkout_forms.h"
#include "ops/content_match.h"
#include "ops/index_patch.h"
#include "ops/merge_state.h"
#include "ops/nearest_path.h"
#include "ops/ref_edit.h"
#include "ops/staged_changes.h"
#include "ops/write_access.h"

namespace store {
namespace {

/// The matching entries of the index as they are in the tree.
void reset_index(const Workspace& workspace, WriteAccess& access, const ObjectId& from, const ObjectId& to,
                 const PathspecSet& paths) {
  IndexPatch patch(workspace, access.session(), access.index());
  std::vector<TreeChange> on_the_way;  // directories of the tree that are not staged
  TreeDiff diff(workspace.objects(), from, to,
                {.enter = [&](const std::string& path) {
                   return paths.matches(path, EntryKind::directory) || paths.may_match_below(path);
                 },
                 .changed_directories = false});
  while (const std::optional<TreeChange> change = diff.next()) {
    const bool directory = (change->after ? change->after : change->before)->kind == EntryKind::directory;
    while (!on_the_way.empty() && !is_within(change->path, on_the_way.back().path)) on_the_way.pop_back();
    const bool matches = paths.matches(change->path, (change->after ? change->after : change->before)->kind);
    if (!matches && directory && change->after && !change->before) on_the_way.push_back(*change);
    if (!matches) continue;
    for (const TreeChange& above : on_the_way) patch.put(above.path, *above.after);
    on_the_way.clear();
    if (change->after) patch.put(change->path, *change->after);
    else patch.remove(change->path);
  }
  patch.remove_emptied([&](const std::string& directory) {
    const std::optional<TreeEntry> there = entry_at(workspace.objects(), to, directory);
    return there && there->kind == EntryKind::directory;
  });
  patch.commit();
}

CheckoutResult restore_staged(Workspace& workspace, const PutBackOptions& options) {
  WriteAccess access(workspace);
  const RefStore::Head head = workspace.refs().head();
  if (!options.source && !head.commit)
    throw Error(ErrorKind::not_found, "HEAD: there is no commit yet", "store rm --cached PATH");
  const ObjectId tree = read_commit(workspace.objects(), options.source ? options.source->commit : *head.commit).tree;
  check_paths_known(workspace.objects(), tree, access.index(), options.paths);
  OplogRecord record = new_oplog_record(workspace);
  record.index_before = store_index_tree(workspace, access.session(), access.index());
  reset_index(workspace, access, *record.index_before, tree, PathspecSet(options.paths));
  record.index_after = store_index_tree(workspace, access.session(), access.index());
  if (record.index_before != record.index_after) workspace.refs().update(record, workspace.lock_wait());
  resolve_conflicts(workspace, [paths = PathspecSet(options.paths)](const std::string& path) { return paths.matches(path); });
  access.finish();
  CheckoutResult result;
  result.head = head.commit;
  result.branch = head.branch;
  return result;
}

/// Error for a pathspec that finds nothing, or only a directory.
void check_tracked(const Index& index, const RemoveOptions& options) {
  for (const Pathspec& spec : options.paths) {
    if (spec.exclude) continue;
    const std::string root = spec.root();
    bool found = false;
    for (Index::Cursor at = index.seek(root); !found && !at.at_end() && is_within(at.entry().path, root); at.next())
      found = spec.matches(at.entry().path, at.entry().kind);
    if (!found)
      throw unknown_path(index, -1, spec, fmt::format("{}: matches nothing that is tracked", escape_name(spec.shown())));
    const std::optional<IndexEntry> named = spec.literal ? index.find(root) : std::nullopt;
    if (!options.recursive && (root.empty() ? spec.literal : named && named->kind == EntryKind::directory))
      throw Error(ErrorKind::usage, fmt::format("{}: is a directory", escape_name(spec.shown())), "store rm -r " + shell_quoted(spec.shown()));
  }
}

/// The tracked paths that match, and of the directories the empty ones.
StatusList tracked_paths(const Index& index, const RemoveOptions& options) {
  check_tracked(index, options);
  const PathspecSet set(options.paths);
  StatusList paths;
  std::optional<std::string> directory;  // the last entry, if it is one that matches
  const auto add = [&](const std::string& path, bool is_directory) {
    if (is_directory && !options.recursive)
      throw Error(ErrorKind::usage, fmt::format("{}: is a directory", escape_name(path)), "store rm -r " + shell_quoted(":/" + path));
    paths.add({path, Change::deleted, {}, is_directory});
  };
  for (Index::Cursor at = index.seek(""); !at.at_end(); at.next()) {
    const IndexEntry& entry = at.entry();
    if (directory && !is_within(entry.path, *directory)) add(*directory, true);
    directory.reset();
    if (entry.path.empty() || !set.matches(entry.path, entry.kind)) continue;
    if (entry.kind == EntryKind::directory) directory = entry.path;
    else add(entry.path, false);
  }
  if (directory) add(*directory, true);
  return paths;
}

constexpr Refusal k_staged_alone{"what is staged is neither in HEAD nor in the file",
                                 "hold what is staged and neither in HEAD nor in the file",
                                 "commit it, or drop it with store rm --cached -f PATH"};

/// Of what is staged and not in HEAD, what is not in the file either. One that is gone from disk was removed already.
std::vector<std::string> staged_alone(Workspace& workspace, const Index& index, const PathspecSet& paths) {
  const std::optional<ObjectId> head = workspace.refs().head().commit;
  std::optional<ObjectId> tree;
  if (head) tree = read_commit(workspace.objects(), *head).tree;
  std::vector<std::string> alone;
  for_each_staged_change(workspace.objects(), tree, index, [&](const ListedChange& change) {
    if (!change.after || change.after->kind == EntryKind::directory || !paths.matches(change.path, change.after->kind)) return;
    if (change.before && change.before->kind == change.after->kind && change.before->id == change.after->id) return;
    const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), change.path);
    const std::optional<IndexEntry> staged = index.find(change.path);
    if (found && staged && !content_matches(workspace, workspace.worktree_fd(), *found, tree_entry_of(*staged)))
      alone.push_back(change.path);
  });
  return alone;
}

/// In a merge, what the other side brought and what lies at a conflict is no work that would be lost.
bool are_conflicts(const Workspace& workspace, const StatusList& paths) {
  const std::optional<MergeRecord> merge = pending_merge(workspace);
  if (!merge) return false;
  for (const StatusEntry& entry : paths) {
    const bool one = std::any_of(merge->conflicts.begin(), merge->conflicts.end(), [&](const ConflictRecord& conflict) {
      return entry.path == conflict.path || entry.path == conflict.beside || is_within(entry.path, conflict.path);
    });
    if (!one) return false;
  }
  return true;
}

void remove_cached(Workspace& workspace, const RemoveOptions& options, RemoveResult& result) {
  WriteAccess access(workspace);
  Index& index = access.index();
  result.paths = tracked_paths(index, options);
  const PathspecSet set(options.paths);
  if (!options.force && !are_conflicts(workspace, result.paths)) {
    std::vector<std::string> lost = staged_alone(workspace, index, set);
    if (!lost.empty()) refuse_paths(std::move(lost), k_staged_alone);
  }
  IndexPatch patch(workspace, access.session(), index);
  for (const StatusEntry& entry : result.paths) patch.remove(std::string(entry.path));
  patch.remove_emptied();
  patch.commit();
  resolve_conflicts(workspace, [&](const std::string& path) { return set.matches(path); });
  access.finish();
}

}  // namespace

CheckoutResult restore(Workspace& workspace, const PutBackOptions& options) {
  workspace.worktree_fd();
  if (options.staged) return restore_staged(workspace, options);
  CheckoutOptions checkout_options;
  checkout_options.paths = options.paths;
  checkout_options.force = true;
  if (options.source) {
    checkout_options.revision = {.commit = options.source->commit};
    checkout_options.keep_index = true;
  } else {
    checkout_options.from_index = true;
  }
  return checkout(workspace, checkout_options);
}

RemoveResult remove_paths(Workspace& workspace, const RemoveOptions& options) {
  workspace.worktree_fd();
  RemoveResult result;
  if (options.cached) {
    remove_cached(workspace, options, result);
    return result;
  }
  bool force = options.force;
  {
    const Index index(workspace.repository().fs(), workspace.repository().fd());
    result.paths = tracked_paths(index, options);
    force = force || (!result.paths.empty() && are_conflicts(workspace, result.paths));
  }
  CheckoutOptions checkout_options;
  checkout_options.paths = options.paths;
  checkout_options.force = force;
  checkout_options.remove = true;
  result.failed = checkout(workspace, checkout_options).failed;
  return result;
}

}  // namespace store
