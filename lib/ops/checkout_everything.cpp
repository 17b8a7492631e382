#include <memory>
#include <set>

#include "ops/checkout_forms.h"
#include "ops/content_match.h"
#include "ops/permissions.h"

namespace store {
namespace {

/// A directory with all that is in it.
bool is_staged_alike(const TreeChange& change) {
  return change.before && change.after && change.before->kind == change.after->kind &&
         change.before->mode == change.after->mode && change.before->id == change.after->id;
}

bool is_on_disk_as_staged(const Workspace& workspace, const Index& index, const std::string& path) {
  const std::optional<IndexEntry> tracked = index.find(path);
  const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
  if (!tracked || !found || !same_type(found->kind, tracked->kind)) return false;
  if (mode_of(*found, &*tracked, workspace.settings().core.permissions) != tracked->mode) return false;
  return tracked->kind == EntryKind::directory || (!tracked->racy && found->stat == tracked->stat);
}

}  // namespace

ChangeSource changes_of_everything(const Workspace& workspace, const Index& index, const ObjectId& target) {
  const ObjectReader& objects = workspace.objects();
  const PathspecSet all({});
  const ChangeSource everything = merged(against_index(content_of(objects, target, all), index, all),
                                         without_kept(removal_of(index, all), objects, target));
  const auto modified = std::make_shared<std::set<std::string>>();
  const ChangeStream changes = everything();
  while (const std::optional<TreeChange> change = changes()) {
    workspace.check_cancelled();
    if (is_staged_alike(*change) && !is_on_disk_as_staged(workspace, index, change->path)) modified->insert(change->path);
  }
  return [everything, modified] {
    return ChangeStream([modified, stream = everything()] {
      std::optional<TreeChange> change = stream();
      while (change && is_staged_alike(*change) && !modified->contains(change->path)) change = stream();
      return change;
    });
  };
}

}  // namespace store
