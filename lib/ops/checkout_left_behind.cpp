#include <fmt/format.h>

#include "base/text.h"
#include "ops/checkout_forms.h"
#include "ops/checkout_interrupted.h"
#include "ops/history.h"
#include "ops/ref_edit.h"

namespace store {
namespace {

/// What a killed command was writing where it had discarded something: what is neither this nor that changed since.
ObjectId written_by(Workspace& workspace, const Session& session, const LeftBehind& left) {
  const ObjectReader& objects = workspace.objects();
  if (left.discarded.wrote && objects.contains({ObjectType::tree, *left.discarded.wrote})) return *left.discarded.wrote;
  if (objects.contains({ObjectType::commit, left.target.commit})) return read_commit(objects, left.target.commit).tree;
  if (objects.contains({ObjectType::tree, left.target.commit})) return left.target.commit;
  return store_index_tree(workspace, session, Index(workspace.repository().fs(), workspace.repository().fd()));
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

void record_left_behind(Workspace& workspace, const Session& session, const std::vector<LeftBehind>& others) {
  for (const LeftBehind& left : others) {
    OplogRecord record = new_oplog_record(workspace);
    record.command = left.command;
    record.index_after = written_by(workspace, session, left);
    record.discarded = left.discarded.tree;
    record.discarded_attributes = left.discarded.attributes;
    workspace.refs().update(record, workspace.lock_wait());
    workspace.warn("interrupted", fmt::format("{}: was interrupted after it had discarded files; `store undo` brings them back",
                                              escape_name(left.command)));
  }
}

void record_left_behind(Workspace& workspace) {
  if (interrupted_sessions(workspace.repository()).empty()) return;
  const Session session = Session::open(workspace.repository(), workspace.env().command, workspace.lock_wait());
  std::vector<LeftBehind> others = find_interrupted(workspace, {}, {}).others;
  std::erase_if(others, [](const LeftBehind& left) { return left.target.operation.starts_with(k_undo_operation); });
  record_left_behind(workspace, session, others);
}

}  // namespace store
