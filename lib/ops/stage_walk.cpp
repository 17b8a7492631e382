#include "ops/stage_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/fd_name.h"
#include "base/path.h"
#include "base/system_info.h"
#include "base/text.h"
#include "ops/content_match.h"
#include "ops/exclude.h"
#include "ops/index_attributes.h"
#include "ops/merge_state.h"
#include "ops/metadata.h"
#include "ops/permissions.h"
#include "worktree/scan_entry.h"

namespace store {

/// One walk: the scanner and the index side by side.
struct StageWalk::Root {
  Root(std::string start, Index::Cursor cursor, int root_fd, ScanOptions options)
      : path(std::move(start)), scanner(root_fd, path, std::move(options)), tracked(std::move(cursor)) {}

  std::string path;
  Scanner scanner;
  std::optional<ScanEntry> found;
  Index::Cursor tracked;
  std::size_t failures_seen = 0;
  std::size_t skipped_seen = 0;

  bool tracked_at_end() const { return tracked.at_end() || !is_within(tracked.entry().path, path); }
};

StageWalk::StageWalk(Workspace& workspace, const StageTarget& target, const AddOptions& options, ResumeJournals* resume)
    : workspace_(workspace),
      root_fd_(target.root_fd),
      index_(target.index),
      options_(options),
      resume_(resume),
      classes_(workspace.settings()),
      pathspecs_(options.paths),
      roots_(pathspecs_.roots()),
      root_device_(stat_fd(target.root_fd, fd_name(target.root_fd)).st_dev),
      repository_(key_of_stat(stat_fd(workspace.repository().fd(), workspace.repository().path()))),
      metadata_(metadata_selection(workspace.settings())) {
  const std::optional<MergeRecord> merge = options.snapshot || options.update ? std::nullopt : pending_merge(workspace);
  if (!merge) return;
  for (const ConflictRecord& conflict : merge->conflicts)
    if (!conflict.beside.empty()) merge_copies_.insert(conflict.beside);
}

StageWalk::~StageWalk() = default;

/// What need not be entered. Exclusions hide only what is untracked, and there is nothing of that in it.
void StageWalk::find_unchanged() {
  const bool everything = std::all_of(options_.paths.begin(), options_.paths.end(), [](const Pathspec& spec) {
    return spec.literal && !spec.exclude && spec.pattern.empty();
  });
  if (options_.snapshot || !everything) return;
  UnchangedOptions conditions;
  conditions.accept = [this](const IndexEntry& tracked) {
    return !metadata_.any() || knows_metadata(tracked.metadata, metadata_);
  };
  conditions.accept_directory = [this](const IndexEntry& tracked, const ScanEntry& found) {
    return !attributes_of(found, tracked);
  };
  listings_.emplace(workspace_);
  unchanged_ = listings_->find_unchanged(index_, std::move(conditions));
}

ScanOptions StageWalk::scan_options() {
  ScanOptions scan;
  scan.accept = [this](const ScanEntry& entry) { return accept(entry); };
  scan.threads = workspace_.threads();
  if (listings_) scan.listed = listings_->listener();
  scan.enter = [this](const ScanEntry& entry) { return !is_ignored(entry) && !unchanged_.contains(entry.path); };
  if (options_.force) return scan;
  // A snapshot knows the rules that stand in it; others belong to a working tree.
  scan.ignore = options_.snapshot ? IgnoreScope::outside({}) : whole_tree_rules(workspace_);
  return scan;
}

StageWalk::Extent StageWalk::measure() {
  Extent extent;
  Progress* progress = workspace_.env().progress;
  for (const std::string& root : roots_) {
    Scanner scanner(root_fd_, root, scan_options());
    while (const std::optional<ScanEntry> found = scanner.next()) {
      workspace_.check_cancelled();
      if (!is_regular(found->kind) || !pathspecs_.matches(found->path, found->kind) || is_ignored(*found)) continue;
      ++extent.files;
      extent.bytes += found->stat.size;
      if (progress != nullptr) {
        progress->files_done.store(extent.files, std::memory_order_relaxed);
        progress->bytes_done.store(extent.bytes, std::memory_order_relaxed);
      }
    }
  }
  return extent;
}

bool StageWalk::enter_next_root() {
  if (next_root_ == roots_.size()) {
    if (listings_) listings_->remember();
    return false;
  }
  if (next_root_ == 0) {
    find_unchanged();
    queue_root();
  }
  const std::string& path = roots_[next_root_++];
  root_ = std::make_unique<Root>(path, index_.seek(path), root_fd_, scan_options());
  if (!root_->tracked.at_end() && root_->tracked.entry().path.empty()) root_->tracked.next();
  root_->found = root_->scanner.next();
  collect_failures();
  return true;
}

/// The root directory is no entry of a tree, but has attributes: looked at with the whole tree, and the first time. That of a
/// snapshot stands for nothing.
void StageWalk::queue_root() {
  if (options_.snapshot) return;
  const std::optional<IndexEntry> tracked = index_.find("");
  if (!roots_.front().empty() && tracked && !tracked->metadata.empty()) return;
  const std::optional<ScanEntry> found = scan_one(root_fd_, "");
  if (!found) return;
  std::optional<IngestInput> input = attributes_of(*found, tracked ? *tracked : root_index_entry());
  if (!input) return;
  input->entry.mode = found->mode;
  queued_.push_back(std::move(*input));
}

/// What the scanner could not list keeps its place in the index.
void StageWalk::collect_failures() {
  const std::vector<PathFailure>& failures = root_->scanner.failures();
  for (; root_->failures_seen < failures.size(); ++root_->failures_seen) {
    failures_.push_back(failures[root_->failures_seen]);
    unreadable_.push_back(failures[root_->failures_seen].path);
  }
  const std::vector<std::string>& skipped = root_->scanner.skipped();
  for (; root_->skipped_seen < skipped.size(); ++root_->skipped_seen) {
    // The repository that this goes into is skipped without a word.
    const std::optional<ScanEntry> found = scan_one(root_fd_, skipped[root_->skipped_seen]);
    if (found && is_own_repository(*found)) continue;
    workspace_.warn("repository_name", fmt::format("{}: skipped: the name of a repository is never content",
                                                   escape_name(skipped[root_->skipped_seen])));
  }
}

/// Runs on the scanner's threads. Exclusions hide untracked paths only; a directory that holds tracked ones is entered.
bool StageWalk::accept(const ScanEntry& found) {
  if (found.kind == EntryKind::directory && !pathspecs_.matches(found.path, found.kind) &&
      !pathspecs_.may_match_below(found.path))
    return false;
  if (options_.one_file_system && found.stat.device != root_device_) {
    const MutexLock lock(mutex_);
    left_out_.push_back(found.path);
    return false;
  }
  const bool hidden =
      is_excluded(found, options_.exclude) ||
      (options_.exclude_larger_than && found.kind == EntryKind::file &&
       found.stat.size > *options_.exclude_larger_than) ||
      (options_.exclude_caches && found.kind == EntryKind::directory &&
       is_cache_directory(root_fd_, found.path));
  if (options_.snapshot)
    return !hidden && !is_own_repository(found);
  if (!hidden && !options_.update) return true;
  return index_.tracks(found.path, found.kind);
}

bool StageWalk::is_own_repository(const ScanEntry& found) const {
  return found.stat.inode == repository_.inode && found.stat.device == repository_.device;
}

bool StageWalk::kept(const std::string& path) const {
  if (options_.snapshot) return false;
  for (const std::string& directory : unreadable_)
    if (is_within(path, directory)) return true;
  const MutexLock lock(mutex_);
  for (const std::string& directory : left_out_)
    if (is_within(path, directory)) return true;
  return false;
}

std::optional<IngestInput> StageWalk::next() {
  for (;;) {
    if (queued_taken_ < queued_.size()) return std::move(queued_[queued_taken_++]);
    queued_.clear();
    queued_taken_ = 0;
    if (!root_ && !enter_next_root()) return std::nullopt;
    if (!root_->found && root_->tracked_at_end()) {
      leave_held(nullptr);
      root_.reset();
      continue;
    }
    if (std::optional<IngestInput> input = step()) push(std::move(*input));
  }
}

/// The next path on either side.
std::optional<IngestInput> StageWalk::step() {
  auto order = std::strong_ordering::equal;
  if (!root_->found) order = std::strong_ordering::greater;
  else if (root_->tracked_at_end()) order = std::strong_ordering::less;
  else order = compare_paths(root_->found->path, root_->tracked.entry().path);
  leave_held(order > 0 ? &root_->tracked.entry().path : &root_->found->path);
  std::optional<IngestInput> input;
  if (order > 0) {
    input = on_tracked_only(root_->tracked.entry());
  } else {
    const IndexEntry* tracked = order == 0 ? &root_->tracked.entry() : nullptr;
    if (options_.snapshot && is_ignored(*root_->found)) input = leave_out(root_->found->path, tracked != nullptr);
    else if (tracked != nullptr && replaces(*root_->found, *tracked)) input = on_replaced(*root_->found, *tracked);
    else if (!hold(*root_->found, tracked)) input = on_found(*root_->found, tracked);
  }
  const auto subtree = order == 0 ? unchanged_.find(root_->found->path) : unchanged_.end();
  if (subtree != unchanged_.end()) {
    seen_.files += subtree->second.files;
    seen_.bytes += subtree->second.bytes;
    count(subtree->second);
    root_->tracked.next_sibling();
  } else if (order >= 0) {
    root_->tracked.next();
  }
  if (order <= 0) {
    const std::string path = options_.snapshot ? root_->found->path : std::string();
    root_->found = root_->scanner.next();
    collect_failures();
    // Only now it shows that a directory could not be listed.
    if (options_.snapshot && !unreadable_.empty() && unreadable_.back() == path) input = leave_out(path, order == 0);
  }
  return input;
}

/// A snapshot does not have it, whatever is remembered of it.
std::optional<IngestInput> StageWalk::leave_out(const std::string& path, bool tracked) {
  if (!tracked) return std::nullopt;
  IngestInput input;
  input.entry.path = path;
  input.entry.removed = true;
  return input;
}

void StageWalk::push(IngestInput input) {
  if (!input.entry.removed) release_held();
  // A directory that could not be listed keeps its place as it was, too; only the step behind it tells.
  if (!options_.snapshot && !unreadable_.empty() && unreadable_.back() == input.entry.path) return;
  if (!input.entry.removed) queue_ancestors(input.entry.path);
  queued_.push_back(std::move(input));
}

bool StageWalk::is_ignored(const ScanEntry& found) const {
  return found.ignored && !options_.force && (options_.snapshot || !index_.tracks(found.path, found.kind));
}

/// The other side's version of a conflict is there to be looked at: a walk over everything does not mean it.
bool StageWalk::is_left_copy(const std::string& path) const {
  return merge_copies_.contains(path) &&
         std::none_of(options_.paths.begin(), options_.paths.end(), [&](const Pathspec& spec) {
           return !spec.exclude && (spec.literal ? spec.root() == path : spec.matches(path));
         });
}

/// Puts off an untracked directory until something in it is staged, or it turns out to be empty; and passes over what
/// is ignored. False for everything else.
bool StageWalk::hold(const ScanEntry& found, const IndexEntry* tracked) {
  // In a snapshot a directory is content, also if all that is in it is ignored: what is remembered must make no difference.
  if (tracked != nullptr || options_.snapshot) return false;
  const bool ignored = !options_.force && is_ignored(found);
  const bool matches = pathspecs_.matches(found.path, found.kind);
  // What a glob does not meet makes the directory that it met no emptier.
  const bool unmet = !matches && !pathspecs_.speaks_of(found.path, found.kind);
  if (!held_.empty() && (ignored || unmet || (matches && found.kind == EntryKind::directory))) held_.back().empty = false;
  if (ignored) return true;
  if (found.kind != EntryKind::directory || options_.update || !matches) return false;
  held_.push_back({found});
  return true;
}

/// A directory where something else is tracked, or the reverse: what is there is untracked, and what is tracked is gone.
bool StageWalk::replaces(const ScanEntry& found, const IndexEntry& tracked) const {
  return !options_.snapshot && (found.kind == EntryKind::directory) != (tracked.kind == EntryKind::directory);
}

std::optional<IngestInput> StageWalk::on_replaced(const ScanEntry& found, const IndexEntry& tracked) {
  if (is_ignored(found) || found.socket) return on_tracked_only(tracked);
  if (!hold(found, nullptr)) return on_found(found, &tracked);
  held_.back().replaced = tracked;
  return std::nullopt;
}

/// Something below is staged: so are the directories that wait.
void StageWalk::release_held() {
  for (const Held& held : std::exchange(held_, {})) {
    queue_ancestors(held.directory.path);
    queued_.push_back(input_for(held.directory, nullptr));
  }
}

/// Directories that the walk is through with: an empty one is content of its own.
void StageWalk::leave_held(const std::string* next) {
  while (!held_.empty() && (next == nullptr || !is_within(*next, held_.back().directory.path))) {
    const Held left = std::move(held_.back());
    held_.pop_back();
    std::optional<IngestInput> input;
    if (left.empty) input = input_for(left.directory, nullptr);
    else if (left.replaced) input = on_tracked_only(*left.replaced);
    if (input) push(std::move(*input));
  }
}

/// In the index, not on disk: staged as deleted, unless something in it is not.
std::optional<IngestInput> StageWalk::on_tracked_only(const IndexEntry& tracked) {
  if (stays(tracked) || (tracked.kind == EntryKind::directory && holds_what_stays(tracked.path))) return std::nullopt;
  IngestInput input;
  input.entry = tracked;
  input.entry.removed = true;
  return input;
}

/// Never was on disk, is not meant, or could not be looked at.
bool StageWalk::stays(const IndexEntry& tracked) const {
  return tracked.streamed || !pathspecs_.matches(tracked.path, tracked.kind) || kept(tracked.path);
}

/// Directories come in path order, so one pass over the index answers for all of them.
bool StageWalk::holds_what_stays(const std::string& directory) {
  if (!staying_ || compare_paths(staying_from_, directory) > 0) staying_.emplace(index_.seek(directory));
  while (!staying_->at_end() && compare_paths(staying_->entry().path, directory) < 0) staying_->next();
  while (!staying_->at_end() && is_within(staying_->entry().path, directory) && !stays(staying_->entry())) staying_->next();
  staying_from_ = directory;
  return !staying_->at_end() && is_within(staying_->entry().path, directory);
}

std::optional<IngestInput> StageWalk::on_found(const ScanEntry& found, const IndexEntry* tracked) {
  if (!pathspecs_.matches(found.path, found.kind)) return std::nullopt;
  if (tracked == nullptr && options_.update) return std::nullopt;
  if (tracked == nullptr && is_left_copy(found.path)) {
    left_copies_.push_back(found.path);
    return std::nullopt;
  }
  if (found.socket) {
    workspace_.warn("socket", fmt::format("{}: skipped: sockets are not content", escape_name(found.path)));
    return std::nullopt;
  }
  if (is_regular(found.kind)) {
    ++seen_.files;
    seen_.bytes += found.stat.size;
  }
  const std::uint16_t mode = mode_of(found, tracked, workspace_.settings().core.permissions);
  if (tracked != nullptr && same_type(tracked->kind, found.kind) && tracked->mode == mode) {
    const bool by_stat = is_regular(found.kind) || found.kind == EntryKind::symlink;
    const bool same = by_stat ? tracked->stat == found.stat && !tracked->racy
                              : found.kind == EntryKind::directory || tracked->size == found.device_number;
    if (same && !tracked->streamed && is_there(*tracked)) {
      count(found, *tracked);
      return attributes_of(found, *tracked);
    }
    if (std::optional<IngestInput> input = in_another_form(found, *tracked)) return input;
  }
  return input_for(found, tracked);
}

/// Content that the index has as earlier settings cut it stays in that form: nobody changed it. A snapshot is made anew.
std::optional<IngestInput> StageWalk::in_another_form(const ScanEntry& found, const IndexEntry& tracked) {
  if (options_.snapshot || tracked.streamed || !is_regular(found.kind)) return std::nullopt;
  const std::int64_t started = coarse_now_ns();
  const ContentProfile profile = classes_.profile_of(&tracked, found.stat.size);
  if (!equals_in_another_form(workspace_, root_fd_, found, tree_entry_of(tracked), profile)) return std::nullopt;
  IngestInput input;
  input.capture = metadata_.any() ? IngestInput::Capture::yes : IngestInput::Capture::no;
  input.entry = tracked;
  input.entry.stat = found.stat;
  input.entry.racy = is_racy(found.stat, started);
  input.found = found;
  input.known_mtime_ns = tracked.stat.mtime_ns;
  count(found, tracked);
  --totals_.cache_hits;
  ++totals_.cache_misses;
  return input;
}

/// Closure makes the one object enough.
bool StageWalk::is_there(const IndexEntry& tracked) const {
  if (!options_.snapshot || tracked.kind == EntryKind::directory) return true;
  const auto object = object_of(tracked.kind, tracked.size, tracked.id);
  return !object || workspace_.objects().known_for_deduplication(*object);
}

/// Content and mode are as recorded. A stat tells whether the attributes are, too.
std::optional<IngestInput> StageWalk::attributes_of(const ScanEntry& found, const IndexEntry& tracked) {
  if (!metadata_.any()) return std::nullopt;
  if (tracked.stat == found.stat && !tracked.racy && knows_metadata(tracked.metadata, metadata_)) return std::nullopt;
  IngestInput input;
  input.capture = IngestInput::Capture::yes;
  input.entry = tracked;
  input.found = found;
  input.known_mtime_ns = tracked.stat.mtime_ns;
  return input;
}

IngestInput StageWalk::input_for(const ScanEntry& found, const IndexEntry* tracked) {
  IngestInput input;
  if (metadata_.any()) {
    input.capture = IngestInput::Capture::yes;
    input.found = found;
    if (tracked != nullptr && same_type(tracked->kind, found.kind)) {
      input.entry.metadata = tracked->metadata;
      input.known_mtime_ns = tracked->stat.mtime_ns;
    }
  }
  input.entry.path = found.path;
  input.entry.kind = found.kind;
  input.entry.mode = mode_of(found, tracked, workspace_.settings().core.permissions);
  input.disk_blocks = found.blocks;
  if (found.kind == EntryKind::directory) {
    ++totals_.directories;
    return input;
  }
  input.entry.stat = found.stat;
  if (found.kind == EntryKind::symlink) {
    input.action = IngestInput::Action::symlink;
    ++totals_.symlinks;
    return input;
  }
  if (!is_regular(found.kind)) {
    input.entry.size = found.device_number;
    return input;
  }
  input.action = IngestInput::Action::file;
  classes_.apply(input, tracked, found.stat.size);
  if (resume_ != nullptr) {
    const std::optional<IndexEntry> earlier = resume_->find_file(found.path, found.stat, input.entry.mode);
    const auto object = earlier ? object_of(earlier->kind, earlier->size, earlier->id) : std::nullopt;
    if (earlier && (!object || workspace_.objects().known_for_deduplication(*object))) {
      input.action = IngestInput::Action::pass;
      input.entry = *earlier;
      if (knows_metadata(earlier->metadata, metadata_)) input.capture = IngestInput::Capture::no;
      count(found, *earlier);
    }
  }
  return input;
}

/// A path that needs no reading.
void StageWalk::count(const ScanEntry& found, const IndexEntry& entry) {
  if (found.kind == EntryKind::directory) ++totals_.directories;
  if (found.kind == EntryKind::symlink) ++totals_.symlinks;
  if (!is_regular(found.kind)) return;
  count(UnchangedSubtree{.files = 1, .bytes = entry.size, .chunks = entry.chunks});
}

void StageWalk::count(const UnchangedSubtree& subtree) {
  totals_.directories += subtree.directories;
  totals_.symlinks += subtree.symlinks;
  totals_.files += subtree.files;
  totals_.unchanged_files += subtree.files;
  totals_.cache_hits += subtree.files;
  totals_.bytes += subtree.bytes;
  totals_.chunks += subtree.chunks;
  if (Progress* progress = workspace_.env().progress) {
    progress->files_done.fetch_add(subtree.files, std::memory_order_relaxed);
    progress->bytes_done.fetch_add(subtree.bytes, std::memory_order_relaxed);
    progress->chunks_done.fetch_add(subtree.chunks, std::memory_order_relaxed);
  }
}

/// Directories above a path that is staged are staged too, if they are not yet.
void StageWalk::queue_ancestors(const std::string& path) {
  const std::string parent(parent_path(path));
  if (path.empty() || (parent == ancestors_of_ && !ancestors_of_.empty())) return;
  ancestors_of_ = parent;
  for (std::size_t end = 0; end != std::string::npos && !parent.empty();) {
    end = parent.find('/', end == 0 ? 0 : end + 1);
    const std::string directory = parent.substr(0, end);
    if (queued_directories_.contains(directory)) continue;
    const std::optional<IndexEntry> tracked = index_.find(directory);
    if (tracked && tracked->kind == EntryKind::directory) continue;
    const std::optional<ScanEntry> found = scan_one(root_fd_, directory);
    if (!found || found->kind != EntryKind::directory) continue;
    // The walk itself reports directories below its start.
    if (root_ != nullptr && is_within(directory, root_->path) && pathspecs_.matches(directory, EntryKind::directory)) continue;
    queued_directories_.insert(directory);
    queued_.push_back(input_for(*found, tracked ? &*tracked : nullptr));
  }
}

}  // namespace store
