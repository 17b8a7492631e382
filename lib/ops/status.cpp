#include "ops/status.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "ops/check_ignore.h"
#include "ops/content_match.h"
#include "ops/history.h"
#include "ops/known_listings.h"
#include "ops/merge_state.h"
#include "ops/permissions.h"
#include "ops/revision.h"
#include "ops/staged_changes.h"
#include "ops/staged_list.h"
#include "ops/staging.h"
#include "ops/untracked.h"
#include "repo/session.h"
#include "worktree/capture.h"
#include "worktree/index.h"
#include "worktree/pathspec.h"

namespace store {
namespace {

/// Entries whose content was looked at and found unchanged: writes their stats, some thousands at a time, if nobody else is
/// writing. `status` never waits for that and works without.
class IndexRefresh {
 public:
  IndexRefresh(const Repository& repository, bool sync) : repository_(repository), sync_(sync) {}

  /// In path order.
  void add(IndexEntry entry) {
    entries_.push_back(std::move(entry));
    if (entries_.size() >= k_batch) flush();
  }

  void flush() {
    const std::vector<IndexEntry> entries = std::exchange(entries_, {});
    if (entries.empty() || !repository_.writable()) return;
    const std::optional<Lock> lock = repository_.locks().try_acquire(LockName::index, LockMode::exclusive);
    if (!lock) return;
    try {
      Index index(repository_.fs(), repository_.fd());
      Index::Batch batch = index.begin();
      for (const IndexEntry& entry : entries) {
        const std::optional<IndexEntry> now = index.find(entry.path);
        if (now && now->id == entry.id && now->kind == entry.kind) batch.put(entry);
      }
      if (sync_) index.sync_log();
      batch.commit(false);
    } catch (const Error&) {
      // A refresh is a cache: a full disk or a missing permission must not fail a question.
    }
  }

 private:
  static constexpr std::size_t k_batch = 65'536;  // 16 MB
  const Repository& repository_;
  bool sync_;
  std::vector<IndexEntry> entries_;
};

using OpenConflicts = std::unordered_set<std::string>;

/// The merge in progress, and its open conflicts.
OpenConflicts list_conflicts(const Workspace& workspace, const PathspecSet& pathspecs, StatusResult& result) {
  OpenConflicts open;
  result.merge = pending_merge(workspace);
  if (!result.merge) return open;
  for (const ConflictRecord& conflict : result.merge->conflicts) {
    if (conflict.resolved) continue;
    open.insert(conflict.path);
    if (!pathspecs.matches(conflict.path)) continue;
    result.conflicted.add({conflict.path, change_of(conflict.conflict), {}, false});
    result.conflicts.push_back(conflict.conflict);
  }
  return open;
}

/// A merge that was killed when all was done has nothing to finish but its conflicts.
void forget_finished_merge(const Workspace& workspace, StatusResult& result) {
  if (!result.merge || !result.interrupted) return;
  visit_oplog(workspace, [&](const OplogStep& step) {
    const std::vector<RefChange>& changes = step.record.changes;
    const bool started = std::any_of(changes.begin(), changes.end(), [](const RefChange& one) { return one.name == k_merge_ref; });
    if (started && step.record.command == result.interrupted->command) result.interrupted.reset();
    return !started;
  });
}

/// Index against work tree, in path order.
class WorktreeComparison {
 public:
  WorktreeComparison(Workspace& workspace, const Index& index, const StatusOptions& options,
                     const PathspecSet& pathspecs, const OpenConflicts& conflicts, StatusResult& result)
      : workspace_(workspace),
        index_(index),
        pathspecs_(pathspecs),
        conflicts_(conflicts),
        result_(result),
        ignore_(whole_tree_rules(workspace)),
        untracked_({.all = options.all_untracked, .ignored = options.ignored}, pathspecs,
                   [this](const ScanEntry& directory) {
                     return holds_content(workspace_.worktree_fd(), directory.path, ignore_);
                   }),
        refresh_(workspace.repository(), workspace.settings().core.fsync) {}

  void run() {
    Progress* const progress = workspace_.env().progress;
    if (progress != nullptr) progress->enter(Stage::scan);
    KnownListings listings(workspace_);
    unchanged_ = listings.find_unchanged(index_, {});
    ScanOptions scan;
    scan.threads = workspace_.threads();
    scan.ignore = ignore_;
    scan.enter = [this](const ScanEntry& entry) {
      if (unchanged_.contains(entry.path)) return false;
      return untracked_.enters(entry) || index_.tracks(entry.path, entry.kind);
    };
    scan.listed = listings.listener();
    Scanner scanner(workspace_.worktree_fd(), "", std::move(scan));
    std::optional<ScanEntry> found = scanner.next();
    Index::Cursor tracked = index_.seek("");
    if (!tracked.at_end() && tracked.entry().path.empty()) tracked.next();
    while (found || !tracked.at_end()) {
      workspace_.check_cancelled();
      auto order = std::strong_ordering::less;
      if (!found) order = std::strong_ordering::greater;
      else if (!tracked.at_end()) order = compare_paths(found->path, tracked.entry().path);
      if (order > 0) on_missing(tracked.entry(), scanner);
      else if (order < 0) on_untracked(*found);
      else on_both(*found, tracked.entry());
      const auto subtree = order == 0 ? unchanged_.find(found->path) : unchanged_.end();
      if (subtree != unchanged_.end()) tracked.next_sibling();
      else if (order >= 0) tracked.next();
      if (order > 0) continue;
      const std::uint64_t files = subtree != unchanged_.end() ? subtree->second.files : found->kind != EntryKind::directory;
      if (progress != nullptr) progress->files_done.fetch_add(files, std::memory_order_relaxed);
      found = scanner.next();
    }
    listings.remember();
    untracked_.finish();
    result_.untracked = std::move(untracked_.untracked());
    result_.ignored = std::move(untracked_.ignored());
    refresh_.flush();
    result_.failed.insert(result_.failed.end(), scanner.failures().begin(), scanner.failures().end());
  }

 private:
  void report(StatusList& list, const std::string& path, Change change, bool directory) {
    if (conflicts_.contains(path)) return;
    if (pathspecs_.matches(path, directory ? EntryKind::directory : EntryKind::file)) list.add({path, change, {}, directory});
  }

  void on_untracked(const ScanEntry& found) {
    if (conflicts_.contains(found.path) && found.kind != EntryKind::directory) return;
    untracked_.add(found);
  }

  void on_missing(const IndexEntry& tracked, const Scanner& scanner) {
    if (tracked.streamed) return;
    for (const PathFailure& failure : scanner.failures())
      if (is_within(tracked.path, failure.path)) return;
    if (tracked.kind == EntryKind::directory) {
      if (!holds_anything(tracked)) report(result_.unstaged, tracked.path, Change::deleted, true);
      return;
    }
    report(result_.unstaged, tracked.path, Change::deleted, false);
  }

  bool holds_anything(const IndexEntry& directory) const {
    Index::Cursor below = index_.seek(directory.path);
    below.next();
    return !below.at_end() && is_within(below.entry().path, directory.path);
  }

  void on_both(const ScanEntry& found, const IndexEntry& tracked) {
    const bool directory = found.kind == EntryKind::directory;
    const bool same_class = found.kind == tracked.kind || (is_regular(found.kind) && is_regular(tracked.kind));
    if (directory != (tracked.kind == EntryKind::directory)) {
      on_replaced(found, tracked);
      return;
    }
    if (!same_class) {
      report(result_.unstaged, found.path, Change::typechange, directory);
      return;
    }
    const std::uint16_t mode = mode_of(found, &tracked, workspace_.settings().core.permissions);
    if (mode != tracked.mode || content_differs(found, tracked))
      report(result_.unstaged, found.path, Change::modified, directory);
  }

  /// A directory where something else is tracked, or the reverse: what is tracked is missing, and what is there is untracked.
  void on_replaced(const ScanEntry& found, const IndexEntry& tracked) {
    if (tracked.kind != EntryKind::directory) {
      report(result_.unstaged, tracked.path, Change::deleted, false);
      const bool holds_files = holds_file(workspace_.worktree_fd(), found.path, ignore_);
      untracked_.hide(found.path, holds_files ? UntrackedList::Hidden::always : UntrackedList::Hidden::ignored);
    } else if (!holds_anything(tracked)) {
      report(result_.unstaged, tracked.path, Change::deleted, true);
    }
    on_untracked(found);
  }

  /// One stat decides for unchanged files; others of the same size are read.
  bool content_differs(const ScanEntry& found, const IndexEntry& tracked) {
    if (found.kind == EntryKind::directory) return false;
    if (!is_regular(found.kind) && found.kind != EntryKind::symlink) return tracked.size != found.device_number;
    if (found.stat == tracked.stat && !tracked.racy) return false;
    if (found.stat.size != tracked.size) return true;
    const std::int64_t started = coarse_now_ns();
    try {
      if (!content_equals(workspace_, workspace_.worktree_fd(), found, tree_entry_of(tracked))) return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) result_.failed.push_back({found.path, error.message()});
      return true;
    }
    IndexEntry entry = tracked;
    entry.stat = found.stat;
    entry.metadata = stale_metadata(std::move(entry.metadata));
    entry.racy = is_racy(found.stat, started);
    refresh_.add(std::move(entry));
    return false;
  }

  Workspace& workspace_;
  const Index& index_;
  const PathspecSet& pathspecs_;
  const OpenConflicts& conflicts_;
  StatusResult& result_;
  IgnoreScope::Pointer ignore_;
  UntrackedList untracked_;
  IndexRefresh refresh_;
  KnownListings::Subtrees unchanged_;
};

}  // namespace

StatusResult status(Workspace& workspace, const StatusOptions& options) {
  const Repository& repository = workspace.repository();
  workspace.worktree_fd();
  StatusResult result;
  const Lock lock = enter_repository(repository.locks(), workspace.lock_wait());
  const RefStore::Head head = workspace.refs().head();
  result.branch = head.branch.starts_with("refs/heads/") ? head.branch.substr(11) : head.branch;
  result.head = head.commit;
  for (SessionInfo& session : interrupted_sessions(repository)) result.interrupted = std::move(session);

  const PathspecSet pathspecs(options.paths);
  const Index index(repository.fs(), repository.fd());
  std::optional<ObjectId> tree;
  if (head.commit) tree = read_commit(workspace.objects(), *head.commit).tree;
  const OpenConflicts conflicts = list_conflicts(workspace, pathspecs, result);
  forget_finished_merge(workspace, result);
  result.staged = staged_list(workspace, tree, index, pathspecs, [&](const std::string& path) { return conflicts.contains(path); });
  WorktreeComparison(workspace, index, options, pathspecs, conflicts, result).run();
  return result;
}

}  // namespace store
