#include "ops/merge_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "ops/checkout_interrupted.h"
#include "ops/merge_base.h"
#include "ops/merge_tree.h"
#include "ops/revision.h"
#include "repo/directory.h"

namespace store {
namespace {

constexpr char k_record[] = "merge";
constexpr std::size_t k_max_record = 1u << 30;

std::optional<MergeRecord> read_record(const Repository& repository) {
  const std::optional<Bytes> bytes = read_file(repository.fd(), k_record, k_max_record);
  if (!bytes) return std::nullopt;
  try {
    return decode_merge_record(*bytes);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return std::nullopt;  // what it said can be computed again
  }
}

/// Everything that two commits disagree on, as nobody had settled any of it.
MergeRecord computed(const Workspace& workspace, const ObjectId& ours, const ObjectId& theirs) {
  MergeRecord record{.ours = ours, .theirs = theirs, .label = theirs.short_hex(), .message = {}, .conflicts = {}};
  record.message = fmt::format("Merge commit '{}'", record.label);
  const ObjectReader& objects = workspace.objects();
  MergeInputs inputs{.base = {}, .ours = read_commit(objects, ours).tree, .theirs = read_commit(objects, theirs).tree,
                     .our_label = ours.short_hex(), .their_label = record.label};
  const std::vector<ObjectId> bases = merge_bases(workspace, ours, theirs);
  if (!bases.empty()) inputs.base = read_commit(objects, bases.front()).tree;
  record.conflicts = merge_trees(objects, nullptr, inputs).conflicts;
  return record;
}

}  // namespace

std::optional<MergeRecord> pending_merge(const Workspace& workspace) {
  const std::optional<RefValue> theirs = workspace.refs().read(k_merge_ref);
  if (!theirs || !theirs->id) return std::nullopt;
  const std::optional<ObjectId> ours = workspace.refs().head().commit;
  if (!ours) return std::nullopt;
  std::optional<MergeRecord> record = read_record(workspace.repository());
  if (record && record->ours == *ours && record->theirs == *theirs->id) return record;
  // The commit that finishes it has happened, and was killed before the ref went (durability.md: refs 8).
  const std::vector<ObjectId> parents = read_commit(workspace.objects(), *ours).parents;
  if (std::find(parents.begin(), parents.end(), *theirs->id) != parents.end()) return std::nullopt;
  return computed(workspace, *ours, *theirs->id);
}

std::optional<MergeRecord> killed_merge(const Workspace& workspace) {
  const std::optional<MergeRecord> record = read_record(workspace.repository());
  if (!record || record->ours != workspace.refs().head().commit) return std::nullopt;
  return was_writing(workspace.repository(), record->theirs) ? record : std::nullopt;
}

void write_merge_record(const Workspace& workspace, const MergeRecord& record) {
  remove_leftovers(workspace.repository().fs(), workspace.repository().fd(), k_record);
  replace_file(workspace.repository().fs(), workspace.repository().fd(), k_record, encode_merge_record(record),
               SyncDirectory::yes);
}

void resolve_conflicts(const Workspace& workspace, const std::function<bool(const std::string& path)>& is) {
  std::optional<MergeRecord> record = pending_merge(workspace);
  if (!record) return;
  bool any = false;
  for (ConflictRecord& conflict : record->conflicts) {
    const bool named = is(conflict.path) || (conflict.conflict == MergeConflict::file_directory && is(conflict.beside));
    if (conflict.resolved || !named) continue;
    conflict.resolved = true;
    any = true;
  }
  if (any) write_merge_record(workspace, *record);
}

std::vector<std::string> open_conflicts(const MergeRecord& record) {
  std::vector<std::string> paths;
  for (const ConflictRecord& conflict : record.conflicts)
    if (!conflict.resolved) paths.push_back(conflict.path);
  return paths;
}

void refuse_while_merging(const Workspace& workspace) {
  if (!pending_merge(workspace)) return;
  throw Error(ErrorKind::conflict, "a merge is in progress", "finish it with store commit, or give it up with store merge --abort");
}

Change change_of(MergeConflict conflict) {
  switch (conflict) {
    case MergeConflict::both_added: return Change::added;
    case MergeConflict::deleted_by_us:
    case MergeConflict::deleted_by_them: return Change::deleted;
    case MergeConflict::file_directory: return Change::typechange;
    case MergeConflict::both_modified:
    case MergeConflict::none: break;
  }
  return Change::modified;
}

std::string_view letters_of(MergeConflict conflict) {
  switch (conflict) {
    case MergeConflict::both_modified: return "UU";
    case MergeConflict::deleted_by_us: return "DU";
    case MergeConflict::deleted_by_them: return "UD";
    case MergeConflict::both_added:
    case MergeConflict::file_directory:
    case MergeConflict::none: break;
  }
  return "AA";
}

}  // namespace store
