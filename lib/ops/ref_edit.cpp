#include "ops/ref_edit.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "ops/checkout_left_behind.h"
#include "ops/commit_graph.h"

namespace store {
namespace {

std::string_view folder_of(NamedRef kind) { return kind == NamedRef::branch ? "refs/heads/" : "refs/tags/"; }
std::string_view noun_of(NamedRef kind) { return kind == NamedRef::branch ? "branch" : "tag"; }

[[noreturn]] void throw_unknown(const Workspace& workspace, NamedRef kind, const std::string& name) {
  Error error(ErrorKind::not_found, fmt::format("{}: no such {}", escape_name(name), noun_of(kind)));
  std::vector<std::string> names;
  for (RefEntry& entry : list_refs(workspace, kind)) names.push_back(std::move(entry.name));
  if (const auto nearest = nearest_match(name, names)) {
    error.with_candidates({*nearest});
    error.with_hint(*nearest);
  }
  throw error;
}

RefValue value_of(const Workspace& workspace, NamedRef kind, const std::string& name) {
  if (const auto value = workspace.refs().read(full_ref_name(kind, name))) return *value;
  throw_unknown(workspace, kind, name);
}

/// What a new ref of this name replaces; Error if it must not.
std::optional<RefValue> replaced_by(const Workspace& workspace, NamedRef kind, const std::string& name, Overrule force) {
  const std::string full = full_ref_name(kind, name);
  const std::optional<RefValue> old_value = workspace.refs().read(full);
  if (kind == NamedRef::branch && workspace.has_worktree() && workspace.refs().head().branch == full &&
      (old_value || force == Overrule::yes))
    throw Error(ErrorKind::conflict, fmt::format("branch {}: is checked out", escape_name(name)), "store switch another branch first");
  if (old_value && force == Overrule::no)
    throw Error(ErrorKind::exists, fmt::format("{} {}: is there already", noun_of(kind), escape_name(name)), "--force moves it");
  return old_value;
}

}  // namespace

OplogRecord new_oplog_record(const Workspace& workspace) {
  OplogRecord record;
  record.command = workspace.env().command;
  record.time = {workspace.env().now_seconds, local_zone_minutes(workspace.env().now_seconds)};
  return record;
}

std::string full_ref_name(NamedRef kind, std::string_view name) {
  if (!is_valid_ref_name(name))
    throw Error(ErrorKind::usage, fmt::format("{}: no {} can have this name", escape_name(name), noun_of(kind)));
  return std::string(folder_of(kind)) + std::string(name);
}

bool reaches(const Workspace& workspace, const ObjectId& tip, const ObjectId& commit) {
  if (tip == commit) return true;
  // What is left of the commit's history without the tip's is nothing exactly if the tip reaches it.
  return !CommitWalk(workspace, {commit}, {tip}, Parents::all).next();
}

std::vector<RefEntry> list_refs(const Workspace& workspace, NamedRef kind) {
  const std::string head = kind == NamedRef::branch ? workspace.refs().head().branch : std::string();
  std::vector<RefEntry> entries;
  for (const auto& [name, value] : workspace.refs().list(std::string(folder_of(kind))))
    if (value.id) entries.push_back({name.substr(folder_of(kind).size()), *value.id, name == head});
  return entries;
}

RefEntry create_ref(const Workspace& workspace, NamedRef kind, const std::string& name, const ObjectId& start,
                    Overrule force) {
  const std::optional<RefValue> old_value = replaced_by(workspace, kind, name, force);
  const RefValue wanted{start, {}};
  if (old_value != wanted) {
    record_left_behind(workspace);
    OplogRecord record = new_oplog_record(workspace);
    record.changes = {{full_ref_name(kind, name), old_value, wanted}};
    workspace.refs().update(record, workspace.lock_wait());
  }
  return {name, start, false};
}

std::vector<RefEntry> delete_refs(const Workspace& workspace, NamedRef kind, const std::vector<std::string>& names,
                                  Overrule force) {
  const RefStore::Head head = workspace.refs().head();
  OplogRecord record = new_oplog_record(workspace);
  std::vector<RefEntry> deleted;
  for (const std::string& name : names) {
    const RefValue value = value_of(workspace, kind, name);
    const std::string full = full_ref_name(kind, name);
    if (kind == NamedRef::branch && head.branch == full)
      throw Error(ErrorKind::conflict, fmt::format("branch {}: is checked out", escape_name(name)),
                  "store switch another branch first");
    if (kind == NamedRef::branch && force == Overrule::no && value.id &&
        !(head.commit && reaches(workspace, *head.commit, *value.id)))
      throw Error(ErrorKind::conflict, fmt::format("branch {}: is not merged: HEAD does not reach its commits", escape_name(name)),
                  fmt::format("store branch -d --force {}", escape_name(name)));
    record.changes.push_back({full, value, std::nullopt});
    deleted.push_back({name, value.id.value_or(ObjectId{}), false});
  }
  record_left_behind(workspace);
  workspace.refs().update(record, workspace.lock_wait());
  return deleted;
}

RefEntry rename_ref(const Workspace& workspace, NamedRef kind, const std::string& from, const std::string& to,
                    Overrule force) {
  const RefStore::Head head = workspace.refs().head();
  const std::string old_name = full_ref_name(kind, from);
  const std::string new_name = full_ref_name(kind, to);
  const bool current = kind == NamedRef::branch && head.branch == old_name;
  const bool unborn = current && !head.commit;
  const RefValue value = unborn ? RefValue{} : value_of(workspace, kind, from);
  RefEntry entry{to, value.id.value_or(ObjectId{}), current};
  if (from == to) return entry;
  OplogRecord record = new_oplog_record(workspace);
  const std::optional<RefValue> replaced = replaced_by(workspace, kind, to, force);
  if (!unborn) {
    record.changes.push_back({old_name, value, std::nullopt});
    record.changes.push_back({new_name, replaced, value});
  }
  if (current) record.changes.push_back({"HEAD", RefValue{{}, old_name}, RefValue{{}, new_name}});
  record_left_behind(workspace);
  workspace.refs().update(record, workspace.lock_wait());
  return entry;
}

}  // namespace store
