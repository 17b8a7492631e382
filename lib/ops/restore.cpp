#include "ops/restore.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "ops/checkout_forms.h"
#include "ops/content_match.h"
#include "ops/index_patch.h"
#include "ops/merge_state.h"
#include "ops/nearest_path.h"
#include "ops/ref_edit.h"
#include "ops/write_access.h"

namespace store {
namespace {

/// The matching entries of the index as they are in the tree.
void reset_index(const Workspace& workspace, Index& index, const ObjectId& from, const ObjectId& to,
                 const PathspecSet& paths) {
  IndexPatch patch(workspace, index);
  std::vector<std::string> directories;
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
    const bool was_directory = change->before && change->before->kind == EntryKind::directory;
    if (change->after) patch.put(change->path, *change->after);
    else if (was_directory) directories.push_back(change->path);
    else patch.remove(change->path);
  }
  for (auto path = directories.rbegin(); path != directories.rend(); ++path) patch.remove_if_emptied(*path);
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
  reset_index(workspace, access.index(), *record.index_before, tree, PathspecSet(options.paths));
  record.index_after = store_index_tree(workspace, access.session(), access.index());
  if (record.index_before != record.index_after) workspace.refs().update(record, workspace.lock_wait());
  resolve_conflicts(workspace, [paths = PathspecSet(options.paths)](const std::string& path) { return paths.matches(path); });
  access.finish();
  CheckoutResult result;
  result.head = head.commit;
  result.branch = head.branch;
  return result;
}

/// The tracked paths that match, without directories; Error for a pathspec that finds none, or only a directory.
std::vector<std::string> tracked_paths(const Index& index, const RemoveOptions& options) {
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
      throw Error(ErrorKind::usage, fmt::format("{}: is a directory", escape_name(spec.shown())), "store rm -r");
  }
  const PathspecSet set(options.paths);
  std::vector<std::string> paths;
  for (Index::Cursor at = index.seek(""); !at.at_end(); at.next()) {
    const IndexEntry& entry = at.entry();
    if (!entry.path.empty() && entry.kind != EntryKind::directory && set.matches(entry.path, entry.kind))
      paths.push_back(entry.path);
  }
  return paths;
}

TreeEntry as_tree_entry(const IndexEntry& entry) {
  return {.kind = entry.kind, .mode = entry.mode, .size = entry.size, .name = {}, .id = entry.id};
}

/// What is staged at a path is also in HEAD or in the file.
bool is_elsewhere(const Workspace& workspace, const IndexEntry& staged, const std::optional<ObjectId>& head_tree) {
  const std::optional<TreeEntry> recorded =
      head_tree ? entry_at(workspace.objects(), *head_tree, staged.path) : std::nullopt;
  if (recorded && recorded->kind == staged.kind && recorded->id == staged.id) return true;
  const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), staged.path);
  return found && content_matches(workspace, workspace.worktree_fd(), *found, as_tree_entry(staged));
}

/// In a merge, what the other side brought and what lies at a conflict is no work that would be lost.
bool are_conflicts(const Workspace& workspace, const std::vector<std::string>& paths) {
  const std::optional<MergeRecord> merge = pending_merge(workspace);
  if (!merge) return false;
  return std::all_of(paths.begin(), paths.end(), [&](const std::string& path) {
    return std::any_of(merge->conflicts.begin(), merge->conflicts.end(), [&](const ConflictRecord& conflict) {
      return path == conflict.path || path == conflict.beside || is_within(path, conflict.path);
    });
  });
}

void remove_cached(Workspace& workspace, const RemoveOptions& options, RemoveResult& result) {
  WriteAccess access(workspace);
  Index& index = access.index();
  result.paths = tracked_paths(index, options);
  const RefStore::Head head = workspace.refs().head();
  std::optional<ObjectId> head_tree;
  if (head.commit) head_tree = read_commit(workspace.objects(), *head.commit).tree;
  const bool force = options.force || are_conflicts(workspace, result.paths);
  IndexPatch patch(workspace, index);
  std::vector<std::string> lost;
  for (const std::string& path : result.paths) {
    const std::optional<IndexEntry> staged = index.find(path);
    if (!force && staged && !is_elsewhere(workspace, *staged, head_tree)) lost.push_back(path);
    patch.remove(path);
  }
  if (!lost.empty()) throw_in_the_way(std::move(lost));
  patch.remove_emptied();
  for (const Pathspec& spec : options.paths)  // an empty directory by its name
    if (const auto named = index.find(spec.root()); !spec.exclude && named && named->kind == EntryKind::directory && spec.literal)
      patch.remove_if_emptied(spec.root());
  patch.commit();
  const PathspecSet set(options.paths);
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
