#include "ops/undo.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "ops/checkout_forms.h"
#include "ops/checkout_left_behind.h"
#include "ops/history.h"
#include "ops/index_patch.h"
#include "ops/merge.h"
#include "ops/merge_state.h"
#include "ops/ref_edit.h"
#include "ops/write_access.h"
#include "repo/settle_refs.h"

namespace store {
namespace {

constexpr std::size_t k_min_digits = 4;

bool writes_files(const OplogRecord& record) { return record.discarded.has_value(); }

/// Then all that the entry changed in the working tree is in the tree of what it discarded.
bool leaves_index(const OplogRecord& record) {
  if (!writes_files(record) || !record.index_after || !record.changes.empty()) return false;
  return record.index_before ? record.index_before == record.index_after && record.discarded != empty_tree_id() : true;
}

[[noreturn]] void throw_one_by_one() {
  throw Error(ErrorKind::conflict, "these entries do not follow upon each other: they cannot be taken back together",
              "store undo, one by one");
}

/// What several entries did together; `older` happened first.
OplogRecord combined(const OplogRecord& older, const OplogRecord& newer) {
  const bool both_index = older.index_after && newer.index_before;
  if (writes_files(older) || writes_files(newer))
    if (!writes_files(older) || !writes_files(newer) || !both_index || *older.index_after != *newer.index_before ||
        *older.discarded != empty_tree_id() || *newer.discarded != empty_tree_id())
      throw_one_by_one();
  OplogRecord all = newer;
  all.index_before = older.index_before ? older.index_before : newer.index_before;
  all.index_after = newer.index_after ? newer.index_after : older.index_after;
  for (const RefChange& change : older.changes) {
    const auto same = std::find_if(all.changes.begin(), all.changes.end(),
                                   [&](const RefChange& one) { return one.name == change.name; });
    if (same == all.changes.end()) all.changes.push_back(change);
    else same->old_value = change.old_value;
  }
  return all;
}

/// The entry that an id begins; Error{not_found}, Error{ambiguous}.
OplogStep find_by_id(const Workspace& workspace, const std::string& digits) {
  std::vector<OplogStep> found;
  visit_oplog(workspace, [&](const OplogStep& step) {
    if (step.id.hex().starts_with(digits)) found.push_back(step);
    return found.size() < 2;
  });
  if (found.empty())
    throw Error(ErrorKind::not_found, fmt::format("{}: no such entry of the oplog", escape_name(digits)), "store oplog");
  if (found.size() > 1)
    throw Error(ErrorKind::ambiguous, fmt::format("{}: more than one entry of the oplog begins with it", digits))
        .with_candidates({found[0].id.hex(), found[1].id.hex()});
  return found.front();
}

/// Newest first; none if there is none to take back.
std::vector<OplogStep> steps_to_undo(const Workspace& workspace, const UndoOptions& options) {
  if (!options.id.empty()) {
    if (options.id.size() < k_min_digits)
      throw Error(ErrorKind::usage, fmt::format("{}: an id has at least {} digits", escape_name(options.id), k_min_digits));
    return {find_by_id(workspace, options.id)};
  }
  std::vector<OplogStep> newest;
  visit_oplog(workspace, [&](const OplogStep& step) {
    newest.push_back(step);
    return newest.size() < options.count;
  });
  if (!newest.empty() && newest.size() < options.count)
    throw Error(ErrorKind::not_found, fmt::format("the oplog has {} entries", newest.size()), "store oplog");
  return newest;
}

/// What steps that followed upon each other did.
OplogRecord together(const std::vector<OplogStep>& steps) {
  OplogRecord all = steps.front().record;
  for (std::size_t i = 1; i < steps.size(); ++i) all = combined(steps[i].record, all);
  return all;
}

/// Files that an entry left in the working tree without tracking them.
ObjectId overwrites(Workspace& workspace, const OplogRecord& entry, const std::vector<RefChange>& back) {
  if (entry.brought_back) return *entry.brought_back;
  const bool ends_merge = std::any_of(back.begin(), back.end(), [](const RefChange& change) {
    return change.name == k_merge_ref && !change.new_value;
  });
  return ends_merge ? merge_besides(workspace) : empty_tree_id();
}

std::vector<RefChange> reversed(const std::vector<RefChange>& changes) {
  std::vector<RefChange> back;
  for (const RefChange& change : changes) back.push_back({change.name, change.new_value, change.old_value});
  return back;
}

/// Before anything is touched; update() compares again under its lock.
void check_refs(const Workspace& workspace, const std::vector<RefChange>& back) {
  for (const RefChange& change : back)
    if (workspace.refs().read(change.name) != change.old_value)
      throw Error(ErrorKind::conflict, fmt::format("ref {}: has moved since", escape_name(change.name)), "store oplog");
}

/// A merge belongs to the commit that HEAD is at: that does not change under it.
void refuse_to_move_head(const Workspace& workspace, const std::vector<RefChange>& back) {
  const std::string branch = workspace.refs().head().branch;
  bool moves = false;
  for (const RefChange& change : back) {
    if (change.name == k_merge_ref) return;
    moves = moves || change.name == "HEAD" || change.name == branch;
  }
  if (moves) refuse_while_merging(workspace);
}

void fill_head(const Workspace& workspace, CheckoutResult& result) {
  const RefStore::Head head = workspace.refs().head();
  result.head = head.commit;
  result.branch = head.branch;
}

bool same_content(const IndexEntry& staged, const TreeEntry& entry) {
  return staged.kind == entry.kind && staged.mode == entry.mode &&
         (entry.kind == EntryKind::directory || (staged.id == entry.id && staged.size == entry.size));
}

/// The index as it was, where the entry changed it; files are left alone.
void restore_index(Workspace& workspace, WriteAccess& access, const ObjectId& from, const ObjectId& to) {
  const Index& index = access.index();
  IndexPatch patch(workspace, access.session(), access.index());
  std::vector<std::string> changed;
  TreeDiff diff(workspace.objects(), from, to);
  while (const std::optional<TreeChange> change = diff.next()) {
    const std::optional<IndexEntry> staged = index.find(change->path);
    const bool as_left = change->before ? staged && same_content(*staged, *change->before) : !staged;
    if (!as_left) changed.push_back(change->path);
    if (change->after) patch.put(change->path, *change->after);
    else patch.remove(change->path);  // but for a directory in which something was staged since
  }
  if (!changed.empty())
    throw Error(ErrorKind::conflict, fmt::format("{}: was staged again since", escape_name(changed.front())))
        .with_paths(std::move(changed));
  patch.commit();
}

CheckoutResult undo_without_files(Workspace& workspace, const OplogRecord& entry, std::vector<RefChange> back) {
  OplogRecord record = new_oplog_record(workspace);
  record.changes = std::move(back);
  CheckoutResult result;
  const bool staged = entry.index_before && entry.index_after && *entry.index_before != *entry.index_after;
  if (!staged) {
    record.index_before = entry.index_after;
    record.index_after = entry.index_before;
    workspace.refs().update(record, workspace.lock_wait());
  } else {
    workspace.worktree_fd();
    WriteAccess access(workspace);
    check_refs(workspace, record.changes);
    record.index_before = store_index_tree(workspace, access.session(), access.index());
    restore_index(workspace, access, *entry.index_after, *entry.index_before);
    record.index_after = store_index_tree(workspace, access.session(), access.index());
    workspace.refs().update(record, workspace.lock_wait());
    access.finish();
  }
  fill_head(workspace, result);
  return result;
}

}  // namespace

std::optional<UndoResult> undo(Workspace& workspace, const UndoOptions& options) {
  settle_refs(workspace.repository(), workspace.lock_wait());
  record_left_behind(workspace);
  std::vector<OplogStep> steps = steps_to_undo(workspace, options);
  if (steps.empty()) return std::nullopt;
  const OplogRecord entry = together(steps);
  std::vector<RefChange> back = reversed(entry.changes);
  check_refs(workspace, back);
  refuse_to_move_head(workspace, back);
  const std::vector<RefChange> moved = back;
  CheckoutResult result;
  if (leaves_index(entry)) {
    result = take_back_files(workspace, {.before = {},
                                         .after = *entry.discarded,
                                         .brings_back = *entry.discarded,
                                         .brings_back_attributes = entry.discarded_attributes,
                                         .overwrites = empty_tree_id(),
                                         .left = entry.index_after,
                                         .refs = std::move(back)});
  } else if (!writes_files(entry) || !entry.index_before || !entry.index_after) {
    result = undo_without_files(workspace, entry, std::move(back));
  } else {
    result = take_back_files(workspace, {.before = *entry.index_after,
                                         .after = *entry.index_before,
                                         .brings_back = *entry.discarded,
                                         .brings_back_attributes = entry.discarded_attributes,
                                         .overwrites = overwrites(workspace, entry, back),
                                         .refs = std::move(back)});
  }
  constexpr std::string_view k_heads = "refs/heads/";
  if (result.branch.starts_with(k_heads)) result.branch.erase(0, k_heads.size());
  return UndoResult{std::move(result), std::move(steps), moved};
}

}  // namespace store
