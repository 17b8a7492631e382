#include "ops/checkout_record.h"

#include "base/path.h"
#include "ops/checkout_take_back.h"
#include "ops/permissions.h"

namespace store {
namespace {

const TreeEntry k_directory{.kind = EntryKind::directory, .mode = 0, .size = 0, .name = {}, .id = {}};

/// What is there, and stays or is taken over, is not what is tracked.
bool differs(const Workspace& workspace, const ScanEntry& found, const std::optional<IndexEntry>& tracked, const TreeEntry& content) {
  if (!tracked || tracked->kind != content.kind) return true;
  if (content.kind != EntryKind::directory && (tracked->id != content.id || tracked->size != content.size)) return true;
  return mode_of(found, &*tracked, workspace.settings().core.permissions) != tracked->mode;
}

/// Of a directory that makes room for a file: the files in it are in the way, but of directories nothing else is known.
void keep_directories(const Workspace& workspace, const Index& index, const std::string& path, DiscardStore& store) {
  Scanner scanner(workspace.worktree_fd(), path, {});
  while (const std::optional<ScanEntry> inside = scanner.next())
    if (inside->kind == EntryKind::directory && !inside->socket && differs(workspace, *inside, index.find(inside->path), k_directory))
      store.add_known(*inside, k_directory);
}

/// What stands where a directory would have to be.
std::optional<ScanEntry> obstacle(const Workspace& workspace, const std::string& path) {
  for (std::string_view above = parent_path(path); !above.empty(); above = parent_path(above))
    if (std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), std::string(above)))
      return found->kind == EntryKind::directory ? std::nullopt : std::move(found);
  return {};
}

class Surroundings {
 public:
  Surroundings(const Workspace& workspace, const Index& index, const SurroundingsOf& by, DiscardStore& store)
      : workspace_(workspace), index_(index), by_(by), store_(store) {}

  void look_at(const TreeChange& change, Step step) {
    if (step == Step::replace_directory && !by_.interrupted) keep_directories(workspace_, index_, change.path, store_);
    const bool there = step == Step::keep || step == Step::set_mode || step == Step::remove_directory;
    const bool missing = step == Step::write || step == Step::make_directory || step == Step::forget;
    if (!there && !missing) return;
    if (step == Step::keep && by_.files_only) return;  // nothing becomes of it, with or without undo
    // What a killed run has written or removed cannot be told from what was there; but what such a run has yet to write, was not.
    if (by_.interrupted && !(by_.paths && missing && step != Step::forget)) return;
    const std::optional<IndexEntry> tracked = index_.find(change.path);
    const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), change.path);
    if (there) {
      const TreeEntry& content = change.after ? *change.after : k_directory;
      if (found && differs(workspace_, *found, tracked, content)) store_.add_known(*found, content);
    } else if (found) {
      // A directory in the place of a file that is not tracked any more, or the reverse.
      const bool is_directory = found->kind == EntryKind::directory;
      if (!tracked || is_directory == (tracked->kind == EntryKind::directory)) return;
      if (is_directory) store_.add_known(*found, k_directory);
      else add_obstacle(*found);
    } else if (tracked ? !tracked->streamed || by_.paths : by_.files_only) {
      // What is not tracked goes again by itself, where the index changes; of what was streamed no file was expected.
      look_at_absent(change.path);
    }
  }
  std::vector<std::string> obstacles;

 private:
  void look_at_absent(const std::string& path) {
    if (absent_ && is_within(path, *absent_)) return;
    absent_ = topmost_absent(workspace_, path);
    if (absent_) return store_.add_absent(*absent_);
    if (const std::optional<ScanEntry> found = obstacle(workspace_, path)) add_obstacle(*found);
  }

  void add_obstacle(const ScanEntry& found) {
    const bool known = !obstacles.empty() && obstacles.back() == found.path;
    if (!known && can_be_kept(found)) obstacles.push_back(found.path);
  }

  const Workspace& workspace_;
  const Index& index_;
  SurroundingsOf by_;
  DiscardStore& store_;
  std::optional<std::string> absent_;
};

}  // namespace

void keep_surroundings(const Workspace& workspace, const Index& index, const ChangeSource& source, const CheckoutPlan& plan,
                       const SurroundingsOf& by, DiscardStore& store) {
  Surroundings surroundings(workspace, index, by, store);
  const ChangeStream changes = source();
  for (const Step step : plan.steps)
    if (const std::optional<TreeChange> change = changes()) surroundings.look_at(*change, step);
  store.add_files(index, std::move(surroundings.obstacles));
}

Replaced replaced_by(const ChangeSource& source, const CheckoutPlan& plan) {
  Replaced replaced;
  const ChangeStream changes = source();
  for (const Step step : plan.steps) {
    const std::optional<TreeChange> change = changes();
    if (!change) return replaced;
    const bool loses = step == Step::replace || step == Step::rewrite || step == Step::remove;
    if (loses) replaced.paths.push_back(change->path);
    if (step == Step::set_mode) replaced.modes.push_back(change->path);
    if (!is_wanted(step) || step == Step::keep) continue;
    replaced.by.push_back(index_entry_of(change->path, *change->after));
  }
  return replaced;
}

}  // namespace store
