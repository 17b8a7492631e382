#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/checkout_forms.h"

namespace store {

void refuse_paths(std::vector<std::string> paths, const Refusal& refusal) {
  std::sort(paths.begin(), paths.end(), PathLess());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  const std::string message =
      paths.size() == 1 ? fmt::format("{}: {}", escape_name(paths.front()), refusal.one)
                        : fmt::format("{} and {} more {}", escape_name(paths.front()), paths.size() - 1, refusal.many);
  throw Error(ErrorKind::conflict, message, std::string(refusal.hint)).with_paths(std::move(paths));
}

void refuse_unreadable(Error unreadable) {
  throw unreadable.with_hint("make it readable, or move it away, then run the command again");
}

void allow_only_after_power_loss(const Workspace& workspace, const Interrupted& interrupted, CheckoutPlan& plan, const Refusal& refusal) {
  if (!interrupted.power_lost) {
    if (plan.unreadable) refuse_unreadable(std::move(*plan.unreadable));
    refuse_paths(std::move(plan.in_the_way), refusal);
  }
  workspace.warn("power_lost", fmt::format("{} and what else the interrupted command left unfinished is written again; "
                                           "`store undo` brings the bytes back",
                                           escape_name(plan.in_the_way.front())));
}

void check_paths_known(const ObjectReader& objects, const ObjectId& tree, const Index& index, const std::vector<Pathspec>& paths) {
  for (const Pathspec& spec : paths) {
    if (spec.exclude) continue;
    bool found = false;
    const std::string root = spec.root();
    for (Index::Cursor at = index.seek(root); !found && !at.at_end() && is_within(at.entry().path, root); at.next())
      found = spec.matches(at.entry().path, at.entry().kind);
    if (!found) check_paths_in_tree(objects, tree, {spec});
  }
}

void check_paths_in_tree(const ObjectReader& objects, const ObjectId& tree, const std::vector<Pathspec>& paths) {
  for (const Pathspec& path : paths) {
    if (path.exclude || content_of(objects, tree, PathspecSet({path}))()()) continue;
    if (path.literal && !path.pattern.empty() && !path.fold_case) find_in_tree(objects, tree, path.root());  // throws with the nearest names
    throw Error(ErrorKind::not_found, fmt::format("{}: matches nothing", escape_name(path.shown())));
  }
}

}  // namespace store
