#include "ops/commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/text.h"
#include "format/tree.h"
#include "ops/checkout_forms.h"
#include "ops/commit_parts.h"
#include "ops/index_attributes.h"
#include "ops/index_tree.h"
#include "ops/merge_state.h"
#include "ops/metadata.h"
#include "ops/new_content.h"
#include "ops/revision.h"
#include "ops/staging.h"

namespace store {
namespace {

/// The index as it is, written as trees; for the oplog of a commit that stages first. The empty tree is left to put_empty_tree().
ObjectId publish_index(Workspace& workspace, WriteAccess& access) {
  Index::Cursor first = access.index().seek("");
  if (!first.at_end() && first.entry().path.empty()) first.next();
  if (first.at_end()) return empty_tree_id();
  const bool sync = workspace.settings().core.fsync;
  Publisher publisher(workspace.repository(), workspace.objects(), access.session(), workspace.lock_wait(), sync);
  ObjectWriter writer(workspace.objects(), publisher, compression_options(workspace.settings()));
  const IndexTree tree = write_index_tree(access.index(), writer);
  writer.flush();
  publisher.finish(std::nullopt);
  record_trees(access.index(), tree, sync);
  return tree.id;
}

void put_empty_tree(ObjectWriter& writer) {
  TreeBuilder([&](const NodeBuilder::Built& built) { writer.put({ObjectType::tree, built.id}, built.bytes); }).finish();
}

void move_branch(Workspace& workspace, const RefStore::Head& head, const ObjectId& commit, const ObjectId& index_before,
                 const ObjectId& index_after, const std::optional<MergeRecord>& merge) {
  OplogRecord record;
  record.index_before = index_before;
  record.index_after = index_after;
  record.command = workspace.env().command;
  record.time = {workspace.env().now_seconds, local_zone_minutes(workspace.env().now_seconds)};
  std::optional<RefValue> old_value;
  if (head.commit) old_value = RefValue{*head.commit, {}};
  record.changes = {{head.branch.empty() ? "HEAD" : head.branch, old_value, RefValue{commit, {}}}};
  if (merge) record.changes.push_back({k_merge_ref, RefValue{merge->theirs, {}}, std::nullopt});
  workspace.refs().update(record, workspace.lock_wait());
}

/// The commit that HEAD is at, with what was given in its place.
Commit amended(Commit commit, const Commit& given, const CommitOptions& options) {
  if (!given.message.empty()) commit.message = given.message;
  if (options.author) commit.author = given.author;
  if (options.date) commit.time = given.time;
  for (const auto& [key, value] : given.meta) commit.meta[key] = value;
  return commit;
}

/// The merge that this commit finishes.
std::optional<MergeRecord> merge_to_finish(const Workspace& workspace, const CommitOptions& options) {
  std::optional<MergeRecord> merge = pending_merge(workspace);
  if (merge && options.amend)
    throw Error(ErrorKind::conflict, "a merge is in progress: there is nothing to amend yet",
                "finish it with store commit, or give it up with store merge --abort");
  return merge;
}

void refuse_open_conflicts(const Workspace& workspace) {
  const std::optional<MergeRecord> merge = pending_merge(workspace);
  std::vector<std::string> paths = merge ? open_conflicts(*merge) : std::vector<std::string>();
  if (paths.empty()) return;
  const std::string more = paths.size() == 1 ? "is a conflict" : fmt::format("and {} more are conflicts", paths.size() - 1);
  throw Error(ErrorKind::conflict, fmt::format("{}: {} that nobody has settled", escape_name(paths.front()), more),
              "store add PATH or store rm PATH for each, then store commit; or store merge --abort")
      .with_paths(std::move(paths));
}

/// What -a and -A staged settles the conflicts that were open, which is said: nobody has named them.
void settle_staged(const Workspace& workspace, const std::vector<PathFailure>& failed) {
  std::vector<std::string> settled;
  const std::optional<MergeRecord> merge = pending_merge(workspace);
  for (std::string& path : merge ? open_conflicts(*merge) : std::vector<std::string>())
    if (std::none_of(failed.begin(), failed.end(), [&](const PathFailure& one) { return one.path == path; }))
      settled.push_back(std::move(path));
  if (settled.empty()) return;
  std::sort(settled.begin(), settled.end());
  resolve_conflicts(workspace, [&](const std::string& path) { return std::binary_search(settled.begin(), settled.end(), path); });
  const std::string rest = settled.size() == 1 ? "settled as it is" : fmt::format("and {} more: settled as they are", settled.size() - 1);
  workspace.warn("settled", fmt::format("{}{} {} in the working tree", escape_name(settled.front()), settled.size() == 1 ? ":" : "", rest));
}

}  // namespace

/// Phases, in the order of durability.md: objects, catalog, index, refs; then housekeeping.
CommitResult commit(Workspace& workspace, const CommitOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  workspace.worktree_fd();  // refuses a bare repository before anything is locked
  std::optional<MergeRecord> merge = merge_to_finish(workspace, options);
  CommitOptions facts = options;
  if (merge && facts.message.empty()) facts.message = merge->message;
  Commit object = commit_from(workspace, facts);
  WriteAccess access(workspace);
  merge = merge_to_finish(workspace, options);  // as it is under the lock
  const RefStore::Head head = workspace.refs().head();
  std::optional<Commit> parent;
  if (head.commit) parent = read_commit(workspace.objects(), *head.commit);
  if (options.amend) {
    if (!parent) throw Error(ErrorKind::not_found, "HEAD: there is no commit yet that could be amended", "store commit");
    object = amended(std::move(*parent), object, options);
    parent.reset();
    if (!object.parents.empty()) parent = read_commit(workspace.objects(), object.parents.front());
  } else if (head.commit) {
    object.parents = {*head.commit};
    if (merge) object.parents.push_back(merge->theirs);
  }
  CommitResult result;
  result.branch = head.branch.starts_with("refs/heads/") ? head.branch.substr(11) : head.branch;
  result.root = !parent;

  std::optional<ObjectId> index_before;
  IngestTotals reading;
  if (options.stage_tracked || options.stage_all) {
    index_before = publish_index(workspace, access);
    AddOptions staging = options.add;
    staging.all = options.stage_all;
    staging.update = !options.stage_all;
    AddResult staged = stage(workspace, access, staging);
    result.failed = std::move(staged.failed);
    reading = staged.totals;
    settle_staged(workspace, result.failed);
  }
  refuse_open_conflicts(workspace);

  if (workspace.env().progress != nullptr) workspace.env().progress->enter(Stage::commit);
  const bool sync = workspace.settings().core.fsync;
  Publisher publisher(workspace.repository(), workspace.objects(), access.session(), workspace.lock_wait(), sync);
  ObjectWriter writer(workspace.objects(), publisher, compression_options(workspace.settings()));
  const IndexSummary summary = index_summary(access.index());
  const AttributesPolicy policy = attributes_policy(workspace);
  if (policy.selection.hardlinks && summary.any_linked) resolve_hard_links(access.index(), sync);
  const IndexTree tree = write_index_tree(access.index(), writer, policy);
  result.tree = tree.id;
  result.failed.insert(result.failed.end(), tree.incomplete.begin(), tree.incomplete.end());
  const bool changed = result.tree != (parent ? parent->tree : empty_tree_id());
  object.tree = result.tree;
  object.attributes = tree.attributes;
  const std::string text = encode_commit(object);
  result.id = commit_id(text);
  result.committed = options.amend ? result.id != head.commit
                                   : merge || changed || (options.allow_empty && !options.skip_if_unchanged);
  if (result.committed) {
    if (index_before == empty_tree_id()) put_empty_tree(writer);
    writer.put({ObjectType::commit, result.id}, as_bytes(text));
    writer.flush();
    publisher.finish(result.id);
    record_trees(access.index(), tree, sync);
  } else {
    result.id = head.commit.value_or(ObjectId{});  // what was written goes with the session
  }
  result.parents = result.committed || options.amend ? object.parents : parent ? parent->parents : std::vector<ObjectId>();
  result.totals = summary.totals;
  add_reading(result.totals, reading);

  if (result.committed) {
    move_branch(workspace, head, result.id, index_before.value_or(result.tree), result.tree, merge);
    result.subject = std::string(object.subject());
    const std::optional<ObjectId> parent_tree = parent ? std::optional(parent->tree) : std::nullopt;
    const NewContent fresh = new_content(workspace, result.id, result.tree, parent_tree);
    result.totals.new_chunks = fresh.chunks;
    result.totals.new_bytes = fresh.bytes;
    result.totals.stored_bytes = fresh.stored_bytes;
    result.changes = summarize(workspace, parent_tree, result.tree, summary.contents);
    result.merged_bytes = keep_house(workspace, access.session());
  }
  access.finish();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return result;
}

}  // namespace store
