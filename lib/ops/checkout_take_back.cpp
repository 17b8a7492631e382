#include "ops/checkout_take_back.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/content_match.h"

namespace store {
namespace {

bool is_directory(const std::optional<TreeEntry>& entry) { return entry && entry->kind == EntryKind::directory; }

}  // namespace

std::optional<std::string> topmost_absent(const Workspace& workspace, const std::string& path) {
  std::string top = path;
  for (std::string_view above = parent_path(path); !above.empty(); above = parent_path(above)) {
    const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), std::string(above));
    if (found) return found->kind == EntryKind::directory ? std::optional(top) : std::nullopt;
    top = above;
  }
  return top;
}

bool TakeBackCheck::comes_back(const TreeChange& change) const {
  if (change.after || !change.before || change.before->kind == EntryKind::directory) return false;
  const std::optional<TreeEntry> back = entry_at(workspace_.objects(), entry_.brings_back, change.path);
  return back && back->kind == change.before->kind && back->id == change.before->id && holds(change.path, back);
}

bool TakeBackCheck::stands_aside(const TreeChange& change) const {
  if (!change.after || is_directory(change.after)) return false;
  if (!is_directory(entry_at(workspace_.objects(), entry_.brings_back, change.path))) return false;
  const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), change.path);
  return found && found->kind == EntryKind::directory;
}

void TakeBackCheck::run(CheckoutPlan& plan) {
  const ObjectReader& objects = workspace_.objects();
  if (!entry_.discards) {
    // What stood there all the time, or what a killed run has brought back already, is not the user's work since.
    std::erase_if(plan.in_the_way, [&](const std::string& path) {
      const std::optional<TreeEntry> back = entry_at(objects, entry_.brings_back, path);
      if (!back || !holds(path, back)) return false;
      if (interrupted_.sessions.empty()) overwritten.push_back(path);
      return true;
    });
    for (const std::string& path : plan.in_the_way)
      if (!holds(path, entry_at(objects, entry_.overwrites, path))) changed_.push_back(path);
  }
  look_at_what_comes_back();
  look_at_overwrites();
  if (changed_.empty()) return;
  std::sort(changed_.begin(), changed_.end(), PathLess());
  changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
  if (entry_.discards || interrupted_.power_lost) {
    overwritten.insert(overwritten.end(), changed_.begin(), changed_.end());
    return;
  }
  if (!unreadable_) unreadable_ = plan.unreadable;
  if (unreadable_) refuse_unreadable(std::move(*unreadable_));
  throw Error(ErrorKind::conflict, fmt::format("{}: has changed since", escape_name(changed_.front())),
              "commit it, or put it away first")
      .with_paths(std::move(changed_));
}

void TakeBackCheck::look_at_what_comes_back() {
  const ChangeStream back = content_of(workspace_.objects(), entry_.brings_back, PathspecSet({}))();
  while (const std::optional<TreeChange> change = back()) look_at(*change);
}

void TakeBackCheck::look_at(const TreeChange& back) {
  const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), back.path);
  const bool found_directory = found && found->kind == EntryKind::directory;
  if (back.after->kind == EntryKind::directory) {
    const bool gets_mode = found_directory && found->mode != back.after->mode && has_known_mode(*found);
    if (found && (entry_.left || gets_mode)) overwritten.push_back(back.path);
    const bool known = !found || found_directory || is_of_either(back.path) ||
                       holds(back.path, entry_at(workspace_.objects(), entry_.overwrites, back.path));
    if (!known) changed_.push_back(back.path);
    return;
  }
  if (!found) {
    const bool stayed = left_at(back.path) && entry_at(workspace_.objects(), target_, back.path);
    if (!is_whiteout(*back.after)) note_absent(back.path, stayed);
    return;
  }
  if (found_directory) return look_below(back.path, is_whiteout(*back.after));
  const bool goes = is_whiteout(*back.after) && holds(back.path, entry_at(workspace_.objects(), target_, back.path));
  if (entry_.left || goes) overwritten.push_back(back.path);
  if (holds(back.path, entry_at(workspace_.objects(), entry_.overwrites, back.path))) return;
  if (!holds(back.path, back.after) && !is_of_either(back.path) && !is_being_rewritten(*found)) changed_.push_back(back.path);
}

/// A directory where none was: it goes with all that the entry left in it. Of what goes, `before` and `target` tell a redo only what
/// they have in another way.
void TakeBackCheck::look_below(const std::string& path, bool others_stay) {
  Scanner scanner(workspace_.worktree_fd(), path, {});
  while (const std::optional<ScanEntry> inside = scanner.next()) {
    const bool directory = inside->kind == EntryKind::directory && !inside->socket;
    const std::optional<TreeEntry> wanted = entry_at(workspace_.objects(), target_, inside->path);
    if (directory ? is_directory(wanted) || entry_.left : is_of_either(inside->path)) {
      if (entry_.left || wanted) overwritten.push_back(inside->path);
    } else if (!directory && !holds(inside->path, entry_at(workspace_.objects(), entry_.overwrites, inside->path)) && !others_stay) {
      changed_.push_back(inside->path);
    }
  }
}

/// What may be there instead of what the entry left.
void TakeBackCheck::look_at_overwrites() {
  const ChangeStream over = content_of(workspace_.objects(), entry_.overwrites, PathspecSet({}))();
  while (const std::optional<TreeChange> change = over()) {
    const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), change->path);
    if (!found) continue;
    if (change->after->kind == EntryKind::directory) {
      const std::optional<TreeEntry> wanted = entry_at(workspace_.objects(), target_, change->path);
      if (wanted && !is_directory(wanted) && found->kind == EntryKind::directory) look_below(change->path, false);
    } else if (holds(change->path, change->after)) {
      overwritten.push_back(change->path);
    } else if (!is_of_either(change->path)) {
      changed_.push_back(change->path);
    }
  }
}

/// When this is taken back, what comes now has to go again.
void TakeBackCheck::note_absent(const std::string& path, bool stayed) {
  // A killed run may have removed what was there.
  if (!stayed && !interrupted_.sessions.empty()) return;
  if (const std::optional<std::string> top = topmost_absent(workspace_, path)) absent.push_back(*top);
}

std::optional<TreeEntry> TakeBackCheck::left_at(const std::string& path) const {
  return entry_at(workspace_.objects(), left_, path);
}

bool TakeBackCheck::is_of_either(const std::string& path) const {
  return holds(path, left_at(path)) || holds(path, entry_at(workspace_.objects(), target_, path));
}

bool TakeBackCheck::holds(const std::string& path, const std::optional<TreeEntry>& entry) const {
  const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), path);
  if (!found || !entry) return !found && !entry;
  return content_matches(workspace_, workspace_.worktree_fd(), *found, *entry, unreadable_);
}

bool TakeBackCheck::is_being_rewritten(const ScanEntry& found) const {
  if (!is_regular(found.kind)) return false;
  const auto [begin, end] = interrupted_.rewrites.equal_range(found.path);
  return std::any_of(begin, end, [&](const auto& rewrite) { return is_half_written(workspace_, found, rewrite.second); });
}

std::vector<TreeEntry> TakeBackCheck::known_at(const std::string& path) const {
  std::vector<TreeEntry> entries;
  for (const ObjectId& tree : {left_, target_, entry_.overwrites})
    if (std::optional<TreeEntry> entry = entry_at(workspace_.objects(), tree, path)) entries.push_back(std::move(*entry));
  return entries;
}

bool TakeBackCheck::has_known_mode(const ScanEntry& directory) const {
  const std::vector<TreeEntry> entries = known_at(directory.path);
  return std::any_of(entries.begin(), entries.end(), [&](const TreeEntry& entry) {
    return entry.kind == EntryKind::directory && entry.mode == directory.mode;
  });
}

CheckoutPlan TakeBackCheck::plan_over(const ChangeSource& files) const {
  return store::plan_over(workspace_, files,
                          {.may_remove = [this](const std::string& path) { return entry_.discards || !known_at(path).empty(); },
                           .may_set_mode = [this](const ScanEntry& found) { return has_known_mode(found); }});
}

}  // namespace store
