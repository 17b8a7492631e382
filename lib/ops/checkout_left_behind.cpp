#include "ops/checkout_left_behind.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "ops/content_match.h"
#include "ops/history.h"
#include "ops/ref_edit.h"

namespace store {
namespace {

/// What a killed command was writing where it had discarded something: what is neither this nor that changed since.
ObjectId written_by(const Workspace& workspace, const Session& session, const LeftBehind& left) {
  const ObjectReader& objects = workspace.objects();
  if (left.discarded.wrote && objects.contains({ObjectType::tree, *left.discarded.wrote})) return *left.discarded.wrote;
  if (objects.contains({ObjectType::commit, left.target.commit})) return read_commit(objects, left.target.commit).tree;
  if (objects.contains({ObjectType::tree, left.target.commit})) return left.target.commit;
  return store_index_tree(workspace, session, Index(workspace.repository().fs(), workspace.repository().fd()));
}

bool is_undo(const LeftBehind& left) { return left.target.operation.starts_with(k_undo_operation); }

bool is_move(const DeadSession& session) {
  bool found = false;
  read_journal(session, [&](JournalRecord&& record) {
    const auto* target = std::get_if<JournalTarget>(&record);
    found = found || (target != nullptr && target->operation == k_move_operation);
  });
  return found;
}

/// False if the killed command did not come as far as the index. What it was about to do to refs did not happen.
bool note_index(const Workspace& workspace, const Session& session, const LeftBehind& left, OplogRecord& record) {
  const std::optional<ObjectId>& before = left.discarded.index_before;
  if (is_undo(left) || !before || !workspace.objects().contains({ObjectType::tree, *before})) return false;
  const ObjectId now = store_index_tree(workspace, session, Index(workspace.repository().fs(), workspace.repository().fd()));
  if (now == *before) return false;
  record.index_before = before;
  record.index_after = now;
  record.brought_back = left.discarded.wrote;
  return true;
}

/// Of the paths that are about to be discarded, those of which killed runs of the same command had discarded something else.
std::vector<std::string> discarded_twice(const Workspace& workspace, const std::vector<JournalDiscarded>& earlier,
                                         const std::vector<std::string>& paths) {
  std::vector<std::string> twice;
  for (const std::string& path : paths) {
    const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
    const auto is_other = [&](const JournalDiscarded& one) {
      if (!workspace.objects().contains({ObjectType::tree, one.tree})) return false;
      const std::optional<TreeEntry> entry = entry_at(workspace.objects(), one.tree, path);
      return entry && !is_whiteout(*entry) && !content_matches(workspace, workspace.worktree_fd(), *found, *entry);
    };
    if (found && std::any_of(earlier.begin(), earlier.end(), is_other)) twice.push_back(path);
  }
  std::sort(twice.begin(), twice.end());
  return twice;
}

}  // namespace

bool is_left_behind(const Workspace& workspace, const JournalDiscarded& discarded) {
  if (discarded.tree == empty_tree_id() || !workspace.objects().contains({ObjectType::tree, discarded.tree})) return false;
  // The command, or who found it dead, may have been killed after its record was written.
  bool told = false;
  visit_oplog(workspace, [&](const OplogStep& step) {
    told = step.record.discarded == discarded.tree && step.record.discarded_attributes == discarded.attributes;
    return !told && step.record.brought_back != discarded.tree;
  });
  return !told;
}

std::vector<LeftBehind> set_aside(const Workspace& workspace, const Interrupted& interrupted, std::vector<std::string>& discarded,
                                  const std::function<Discarded(std::vector<std::string> paths)>& keep) {
  std::vector<std::string> twice = discarded_twice(workspace, interrupted.discarded, discarded);
  if (twice.empty()) return {};
  std::vector<JournalDiscarded> others = interrupted.discarded;
  if (interrupted.power_lost) {
    std::erase_if(discarded, [&](const std::string& path) { return std::binary_search(twice.begin(), twice.end(), path); });
    const Discarded stored = keep(std::move(twice));
    others = {{stored.tree, stored.attributes, std::nullopt, std::nullopt}};
  }
  std::vector<LeftBehind> aside;
  for (const JournalDiscarded& other : others)
    if (is_left_behind(workspace, other)) aside.push_back({interrupted.target, other, workspace.env().command});
  return aside;
}

void record_left_behind(const Workspace& workspace, const Session& session, const std::vector<LeftBehind>& others) {
  std::set<ObjectId> recorded;  // runs of the same command may all have found the same
  for (const LeftBehind& left : others) {
    if (!recorded.insert(left.discarded.tree).second) continue;
    OplogRecord record = new_oplog_record(workspace);
    record.command = left.command;
    if (!note_index(workspace, session, left, record)) record.index_after = written_by(workspace, session, left);
    record.discarded = left.discarded.tree;
    record.discarded_attributes = left.discarded.attributes;
    const ObjectId id = workspace.refs().update(record, workspace.lock_wait());
    workspace.warn("interrupted", fmt::format("{}: was interrupted after it had discarded files; `store undo {}` brings them back",
                                              escape_name(left.command), id.short_hex()));
  }
}

void record_left_behind(const Workspace& workspace, const Session& session) {
  Interrupted found = find_interrupted(workspace, {}, {});
  std::erase_if(found.others, [](const LeftBehind& left) { return is_undo(left); });
  record_left_behind(workspace, session, found.others);
  std::erase_if(found.sessions, [](const DeadSession& dead) { return !is_move(dead); });
  remove_interrupted(workspace, std::move(found.sessions), {});
}

void record_left_behind(const Workspace& workspace) {
  const Repository& repository = workspace.repository();
  if (!workspace.has_worktree() || interrupted_sessions(repository).empty()) return;
  const Session session = Session::open(repository, workspace.env().command, workspace.lock_wait());
  const std::optional<Lock> index = repository.locks().try_acquire(LockName::index, LockMode::exclusive);
  if (index) record_left_behind(workspace, session);
}

}  // namespace store
