#include "ops/checkout_plan.h"

#include <algorithm>

#include "base/path.h"
#include "ops/content_match.h"
#include "ops/permissions.h"
#include "pipeline/recipe_rewrite.h"

namespace store {
namespace {

constexpr std::uint16_t k_owner_bits = 0700;
/// What a rewrite in place has to spare: as many bytes, and this part of the file.
constexpr std::uint64_t k_least_kept = 1u << 20;
constexpr std::uint64_t k_least_kept_share = 8;

bool same_entry(const std::optional<IndexEntry>& tracked, const std::optional<TreeEntry>& entry) {
  if (!tracked || !entry) return !tracked && !entry;
  if (tracked->kind != entry->kind || tracked->mode != entry->mode) return false;
  return entry->kind == EntryKind::directory || (tracked->id == entry->id && tracked->size == entry->size);
}

bool is_directory(const std::optional<TreeEntry>& entry) { return entry && entry->kind == EntryKind::directory; }

}  // namespace

std::optional<TreeEntry> entry_at(const ObjectReader& objects, ObjectId tree, std::string_view path) {
  for (;;) {
    const std::size_t end = path.find('/');
    std::optional<TreeEntry> entry = find_entry(objects, tree, path.substr(0, end));
    if (end == std::string_view::npos || !entry) return entry;
    if (entry->kind != EntryKind::directory) return {};
    tree = entry->id;
    path.remove_prefix(end + 1);
  }
}

bool concerns_attributes_only(const TreeChange& change) {
  return change.kind == TreeChange::Kind::attributes || change.kind == TreeChange::Kind::link;
}

bool writes_content(Step step) {
  return step == Step::write || step == Step::replace || step == Step::rewrite || step == Step::replace_directory;
}

bool is_wanted(Step step) {
  return writes_content(step) || step == Step::keep || step == Step::set_mode || step == Step::make_directory ||
         step == Step::turn_into_directory;
}

std::uint64_t CheckoutPlan::memory_beside(std::uint64_t budget) const {
  const std::uint64_t held = steps.capacity() * sizeof(Step) + stats.capacity() * sizeof(StatKey);
  return std::max(budget / 4, budget - std::min(budget, held));
}

void InPlacePlanner::decide(const TreeChange& change) {
  follow_index(change);
  const State state{change, in_.index->find(change.path), scan_one(in_.workspace->worktree_fd(), change.path)};
  const Step step = step_for(state);
  follow_absent(state, step);
  plan_.steps.push_back(step);
  const bool as_wanted = step == Step::keep || step == Step::set_mode;
  plan_.stats.push_back(as_wanted && state.found ? state.found->stat : StatKey{});
  if (writes_content(step) && is_regular(change.after->kind)) {
    ++plan_.files;
    plan_.bytes += step == Step::rewrite ? plan_.rewrites.at(plan_.steps.size() - 1).bytes : change.after->size;
  }
}

void InPlacePlanner::stage_only(const TreeChange& change) {
  follow_index(change);
  plan_.steps.push_back(Step::stage_only);
  plan_.stats.push_back({});
}

Step InPlacePlanner::step_for(const State& state) {
  if (concerns_attributes_only(state.change)) return attributes(state);
  const bool content_only = is_directory(state.change.before) && is_directory(state.change.after) &&
                            state.change.before->mode == state.change.after->mode;
  Step step = Step::leave;
  if (!state.change.after) step = deleted(state);
  else if (is_directory(state.change.after)) step = directory(state);
  else step = file(state);
  const bool counted = !plan_.in_the_way.empty() && plan_.in_the_way.back() == state.change.path;
  if (!counted && !content_only && is_staged(state)) return in_the_way(state, step);
  return step;
}

bool InPlacePlanner::is_staged(const State& state) const {
  if (same_entry(state.tracked, state.change.after)) return false;
  if (!in_.paths_only) return !same_entry(state.tracked, state.change.before);
  if (!state.tracked || state.tracked->kind == EntryKind::directory) return false;
  if (in_.only_removes && !state.found) return false;  // removed by hand already
  if (!in_.staged_against) return true;
  return !same_entry(state.tracked, entry_at(in_.workspace->objects(), *in_.staged_against, state.change.path));
}

Step InPlacePlanner::in_the_way(const State& state, Step step) {
  plan_.in_the_way.push_back(state.change.path);
  return step;
}

std::uint16_t InPlacePlanner::mode_of(const State& state) const {
  return store::mode_of(*state.found, state.tracked ? &*state.tracked : nullptr,
                        in_.workspace->settings().core.permissions);
}

bool InPlacePlanner::is_clean_by_stat(const State& state) const {
  return state.tracked && same_type(state.found->kind, state.tracked->kind) &&
         mode_of(state) == state.tracked->mode && state.found->stat == state.tracked->stat &&
         !state.tracked->racy;
}

bool InPlacePlanner::holds(const State& state, const TreeEntry& entry) const {
  return content_matches(*in_.workspace, in_.workspace->worktree_fd(), *state.found, entry, plan_.unreadable);
}

/// What is there is what the index says, so its bytes are in the repository.
bool InPlacePlanner::is_clean(const State& state) const {
  if (!state.tracked || mode_of(state) != state.tracked->mode) return false;
  return is_clean_by_stat(state) || holds(state, tree_entry_of(*state.tracked));
}

/// Nothing of the user's is lost with it.
bool InPlacePlanner::is_replaceable(const State& state) const { return is_clean(state) || half_written(state) != nullptr; }

/// What a killed checkout was doing with the file, if nobody has written to it since.
const JournalRewrite* InPlacePlanner::half_written(const State& state) const {
  if (in_.rewrites == nullptr || !state.found || !is_regular(state.found->kind)) return nullptr;
  const auto [begin, end] = in_.rewrites->equal_range(state.change.path);
  for (auto at = begin; at != end; ++at)
    if (is_half_written(*in_.workspace, *state.found, at->second)) return &at->second;
  return nullptr;
}

Step InPlacePlanner::deleted(const State& state) {
  if (is_directory(state.change.before)) {
    const bool there = state.found && state.found->kind == EntryKind::directory;
    return there ? Step::remove_directory : Step::forget;
  }
  if (!state.tracked) return Step::leave;  // unstaged before: what is there now is untracked
  // A directory in a tracked file's place is untracked too.
  if (!state.found || state.found->kind == EntryKind::directory) return Step::forget;
  return is_replaceable(state) ? Step::remove : in_the_way(state, Step::remove);
}

/// What is staged, modified or gone keeps what it has.
Step InPlacePlanner::attributes(const State& state) const {
  if (!same_entry(state.tracked, state.change.after) || !state.found) return Step::leave;
  if (!same_type(state.found->kind, state.tracked->kind) || mode_of(state) != state.tracked->mode) return Step::leave;
  if (state.tracked->kind == EntryKind::directory) return Step::keep;
  if (!is_clean(state)) return Step::leave;
  return state.change.kind == TreeChange::Kind::link ? Step::replace : Step::keep;
}

Step InPlacePlanner::directory(const State& state) {
  const TreeChange& change = state.change;
  if (in_.only_removes || stays_absent(state)) return Step::leave;
  if (!state.found) return Step::make_directory;
  if (state.found->kind != EntryKind::directory)
    return is_replaceable(state) ? Step::turn_into_directory : in_the_way(state, Step::turn_into_directory);
  const std::uint16_t mode = mode_of(state);
  if (mode == change.after->mode) return Step::keep;
  if (!is_directory(change.before)) return Step::set_mode;
  // A checkout that was killed may have left the owner's bits set.
  const std::uint16_t before = change.before->mode;
  const bool ours = in_.interrupted && (mode == k_owner_bits || mode == (before | k_owner_bits) ||
                                        mode == (change.after->mode | k_owner_bits));
  if (mode == before || ours) return Step::set_mode;
  const bool named = in_.everything || (in_.named && in_.named(change.path));
  if (before == change.after->mode && !named) return Step::leave;  // a changed mode is carried along
  return in_the_way(state, Step::set_mode);
}

Step InPlacePlanner::file(const State& state) {
  const TreeEntry& after = *state.change.after;
  if (!state.found) return Step::write;
  if (state.found->kind == EntryKind::directory) return over_directory(state);
  const bool clean_by_stat = is_clean_by_stat(state);
  const bool same_content =
      clean_by_stat ? state.tracked->kind == after.kind && state.tracked->id == after.id &&
                          state.tracked->size == after.size
                    : holds(state, after);
  if (same_content) {
    const std::uint16_t mode = mode_of(state);
    if (mode == after.mode) return Step::keep;
    return !state.tracked || mode == state.tracked->mode ? Step::set_mode : in_the_way(state, Step::set_mode);
  }
  if (clean_by_stat || is_clean(state)) return replace_file(state, tree_entry_of(*state.tracked));
  if (const JournalRewrite* half = half_written(state)) {
    // Of the two contents that it is made of, either can be completed in place.
    TreeEntry there = after;
    there.id = half->to == after.id ? half->from : half->to;
    return half->from == after.id || half->to == after.id ? replace_file(state, there) : Step::replace;
  }
  if (was_not_written(state)) return replace_file(state, *state.change.before);
  return in_the_way(state, Step::replace);
}

/// A checkout that could not write the file put it into the index all the same, and then could not move HEAD.
bool InPlacePlanner::was_not_written(const State& state) const {
  const std::optional<TreeEntry>& before = state.change.before;
  return in_.interrupted && before && same_type(state.found->kind, before->kind) &&
         same_entry(state.tracked, state.change.after) && mode_of(state) == before->mode && holds(state, *before);
}

/// In place only where that spares something: whoever has the file open sees it change.
Step InPlacePlanner::replace_file(const State& state, const TreeEntry& there) {
  const TreeEntry& after = *state.change.after;
  const bool both_large = there.kind == EntryKind::large_file && after.kind == EntryKind::large_file;
  if (!both_large || after.size < k_least_kept || state.found->links != 1) return Step::replace;
  const std::uint64_t bytes = changed_stretches(in_.workspace->objects(), there.id, after.id);
  const std::uint64_t kept = after.size - std::min(after.size, bytes);
  if (kept < k_least_kept || kept < after.size / k_least_kept_share) return Step::replace;
  plan_.rewrites.emplace(plan_.steps.size(), CheckoutPlan::Rewrite{there.id, state.found->stat, bytes});
  return Step::rewrite;
}

/// A directory where a file must be: what is tracked in it goes by changes of its own, anything else is in the way.
Step InPlacePlanner::over_directory(const State& state) {
  const TreeChange& change = state.change;
  Scanner scanner(in_.workspace->worktree_fd(), change.path, {});
  while (const std::optional<ScanEntry> inside = scanner.next()) {
    if (inside->kind == EntryKind::directory && !inside->socket) continue;
    const std::string_view below = std::string_view(inside->path).substr(change.path.size() + 1);
    if (is_tracked_file(change, inside->path, below)) continue;
    plan_.in_the_way.push_back(inside->path);
    plan_.untracked_below.push_back(inside->path);
  }
  return Step::replace_directory;
}

/// Below a directory that goes: a change of its own removes it. Something in the place of a tracked directory has none.
bool InPlacePlanner::is_tracked_file(const TreeChange& change, const std::string& path, std::string_view below) const {
  if (in_.paths_only || in_.everything) {
    const std::optional<IndexEntry> tracked = in_.index->find(path);
    return tracked && tracked->kind != EntryKind::directory;
  }
  if (!is_directory(change.before)) return false;
  const std::optional<TreeEntry> entry = entry_at(in_.workspace->objects(), change.before->id, below);
  return entry && entry->kind != EntryKind::directory;
}

/// A directory that was removed by hand and is the same in both states but for what is in it.
bool InPlacePlanner::stays_absent(const State& state) const {
  const TreeChange& change = state.change;
  return !state.found && !in_.paths_only && !in_.everything && is_directory(change.before) && change.before->mode == change.after->mode;
}

/// The directories that stay absent come back with the first thing that is written below them.
void InPlacePlanner::follow_absent(const State& state, Step step) {
  const TreeChange& change = state.change;
  while (!absent_.empty() && !is_within(change.path, absent_.back().path)) absent_.pop_back();
  if (writes_content(step) || step == Step::make_directory) {
    for (const Absent& directory : absent_) {
      plan_.steps[directory.change] = Step::make_directory;
      if (directory.staged) plan_.in_the_way.push_back(directory.path);
    }
    absent_.clear();
  }
  if (step != Step::leave || !is_directory(change.after) || concerns_attributes_only(change) || !stays_absent(state)) return;
  absent_.push_back({change.path, plan_.steps.size(), state.tracked && state.tracked->mode != change.after->mode});
}

/// Finds what is staged below a directory that the target does not have, in one pass over index and changes.
void InPlacePlanner::follow_index(const TreeChange& change) {
  if (following_ && !is_within(change.path, followed_)) finish();
  if (following_) {
    leave_followed(change.path);
    return;
  }
  if (!is_directory(change.before) || is_directory(change.after)) return;
  following_ = true;
  followed_ = change.path;
  followed_becomes_file_ = change.after.has_value();
  followed_index_.emplace(in_.index->seek(followed_));
  leave_followed(change.path);
}

/// Passes over the index's entries up to and including `path`: those that are no change were staged.
void InPlacePlanner::leave_followed(std::string_view path) {
  for (; !followed_index_->at_end() && is_within(followed_index_->entry().path, followed_); followed_index_->next()) {
    const std::string& tracked = followed_index_->entry().path;
    const auto order = compare_paths(tracked, path);
    if (order > 0) return;
    if (order < 0) on_staged_below(tracked);
  }
}

void InPlacePlanner::on_staged_below(const std::string& path) {
  if (followed_becomes_file_) {
    plan_.in_the_way.push_back(path);
    return;
  }
  for (std::string_view above = parent_path(path); is_within(above, followed_); above = parent_path(above)) {
    plan_.kept_directories.insert(std::string(above));
    if (above.empty()) break;
  }
}

void InPlacePlanner::finish() {
  if (!following_) return;
  for (; !followed_index_->at_end() && is_within(followed_index_->entry().path, followed_); followed_index_->next())
    on_staged_below(followed_index_->entry().path);
  followed_index_.reset();
  following_ = false;
}

void OutsidePlanner::decide(const TreeChange& change) {
  const Step step = step_for(change);
  plan_.steps.push_back(step);
  if (writes_content(step) && is_regular(change.after->kind)) {
    ++plan_.files;
    plan_.bytes = saturating_add(plan_.bytes, change.after->size);
  }
}

Step OutsidePlanner::step_for(const TreeChange& change) {
  const TreeEntry& after = *change.after;
  const bool directory = after.kind == EntryKind::directory;
  any_fresh_ = any_fresh_ && is_within(change.path, fresh_);
  std::optional<ScanEntry> found;
  if (!any_fresh_) found = scan_one(target_fd_, change.path);
  if (!found) {
    if (directory && !any_fresh_) {
      fresh_ = change.path;
      any_fresh_ = true;
    }
    return directory ? Step::make_directory : Step::write;
  }
  if (content_matches(workspace_, target_fd_, *found, after)) {
    const bool same_mode = after.kind == EntryKind::symlink || (found->mode & 07777) == after.mode;
    return same_mode ? Step::keep : Step::set_mode;
  }
  plan_.in_the_way.push_back(change.path);
  if (directory) return Step::turn_into_directory;
  return found->kind == EntryKind::directory ? Step::replace_directory : Step::replace;
}

}  // namespace store
