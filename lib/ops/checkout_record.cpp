#include "ops/checkout_record.h"

#include "base/path.h"
#include "ops/checkout_take_back.h"

namespace store {
namespace {

/// Of a directory that makes room for a file: the files in it are in the way, but of those that are empty nothing else is known.
void keep_directories(const Workspace& workspace, const Index& index, const std::string& path, DiscardStore& store) {
  Scanner scanner(workspace.worktree_fd(), path, {});
  while (const std::optional<ScanEntry> inside = scanner.next())
    if (inside->kind == EntryKind::directory && !inside->socket && !index.find(inside->path))
      store.add_known(*inside, {.kind = EntryKind::directory, .mode = 0, .size = 0, .name = {}, .id = {}});
}

}  // namespace

void keep_surroundings(const Workspace& workspace, const Index& index, const ChangeSource& source, const CheckoutPlan& plan,
                       const SurroundingsOf& by, DiscardStore& store) {
  std::optional<std::string> absent;
  const ChangeStream changes = source();
  for (const Step step : plan.steps) {
    const std::optional<TreeChange> change = changes();
    if (!change) return;
    if (step == Step::replace_directory && !by.interrupted) keep_directories(workspace, index, change->path, store);
    const bool there = step == Step::keep || step == Step::set_mode;
    const bool missing = step == Step::write || step == Step::make_directory || step == Step::forget;
    if (!there && !missing) continue;
    // What a killed run has written or removed cannot be told from what was there; but what such a run has yet to write, was not.
    if (by.interrupted && !(by.paths && missing && step != Step::forget)) continue;
    const std::optional<IndexEntry> tracked = index.find(change->path);
    if (there && tracked) continue;
    // What is not tracked goes again by itself, where the index changes; of what was streamed no file was expected.
    if (missing && (tracked ? tracked->streamed && !by.paths : !by.files_only)) continue;
    if (absent && is_within(change->path, *absent)) continue;
    const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), change->path);
    if (found && there) store.add_known(*found, *change->after);
    if (found || there) continue;
    absent = topmost_absent(workspace, change->path);
    if (absent) store.add_absent(*absent);
  }
}

Replaced replaced_by(const ChangeSource& source, const CheckoutPlan& plan) {
  Replaced replaced;
  const ChangeStream changes = source();
  for (const Step step : plan.steps) {
    const std::optional<TreeChange> change = changes();
    if (!change) return replaced;
    const bool loses = step == Step::replace || step == Step::rewrite || step == Step::set_mode || step == Step::remove;
    if (loses) replaced.paths.push_back(change->path);
    if (!is_wanted(step) || step == Step::keep) continue;
    IndexEntry entry;
    entry.path = change->path;
    entry.kind = change->after->kind;
    entry.mode = change->after->mode;
    entry.size = change->after->size;
    entry.id = change->after->id;
    replaced.by.push_back(std::move(entry));
  }
  return replaced;
}

}  // namespace store
