#include "ops/verify_worktree.h"

#include "base/error.h"
#include "base/path.h"
#include "ops/check_ignore.h"
#include "ops/content_match.h"
#include "ops/permissions.h"
#include "ops/tree_reader.h"
#include "worktree/index.h"

namespace store {
namespace {

/// A tree's entries in path order, one at a time.
class TreeWalk {
 public:
  TreeWalk(const ObjectReader& objects, const ObjectId& tree) : diff_(objects, std::nullopt, tree) { next(); }
  const std::optional<TreeChange>& current() const { return current_; }
  void next() { current_ = diff_.next(); }

 private:
  TreeDiff diff_;
  std::optional<TreeChange> current_;
};

class Comparison {
 public:
  using Differs = std::function<void(const std::string& path, Change change)>;
  Comparison(Workspace& workspace, const Differs& differs)
      : workspace_(workspace),
        differs_(differs),
        index_(workspace.repository().fs(), workspace.repository().fd()) {}

  std::vector<PathFailure> run(const ObjectId& tree) {
    ScanOptions options;
    options.threads = workspace_.threads();
    options.ignore = whole_tree_rules(workspace_);
    Scanner scanner(workspace_.worktree_fd(), "", std::move(options));
    TreeWalk recorded(workspace_.objects(), tree);
    std::optional<ScanEntry> found = scanner.next();
    while (found || recorded.current()) {
      workspace_.check_cancelled();
      const std::optional<TreeChange>& expected = recorded.current();
      auto order = std::strong_ordering::equal;
      if (!found) order = std::strong_ordering::greater;
      else if (!expected) order = std::strong_ordering::less;
      else order = compare_paths(found->path, expected->path);
      if (order < 0) extra(*found);
      else if (order > 0) missing(*expected, scanner);
      else both(*found, *expected->after);
      if (order >= 0) {
        count(*expected->after);
        recorded.next();
      }
      if (order <= 0) found = scanner.next();
    }
    flush_directory({});
    unreadable_.insert(unreadable_.end(), scanner.failures().begin(), scanner.failures().end());
    return std::move(unreadable_);
  }

 private:
  /// What cannot be stored, or is ignored, cannot be missing from a commit. A directory is listed only if it is empty.
  void extra(const ScanEntry& found) {
    flush_directory(found.path);
    if (found.socket || found.ignored) return;
    if (found.kind == EntryKind::directory)
      extra_directory_ = found.path;
    else
      differs_(found.path, Change::added);
  }

  void flush_directory(std::string_view next) {
    if (extra_directory_.empty()) return;
    if (next.empty() || !is_within(next, extra_directory_)) differs_(extra_directory_, Change::added);
    extra_directory_.clear();
  }

  /// Of what was staged from a stream no file is expected; of directories only empty ones are listed.
  void missing(const TreeChange& expected, const Scanner& scanner) {
    flush_directory(expected.path);
    for (const PathFailure& failure : scanner.failures())
      if (is_within(expected.path, failure.path)) return;
    const std::optional<IndexEntry> staged = index_.find(expected.path);
    if (staged && staged->streamed && staged->id == expected.after->id) return;
    if (expected.after->kind == EntryKind::directory && !TreeCursor(workspace_.objects(), expected.after->id).at_end()) return;
    differs_(expected.path, Change::deleted);
  }

  void count(const TreeEntry& done) {
    Progress* progress = workspace_.env().progress;
    if (progress == nullptr || done.kind == EntryKind::directory) return;
    if (is_regular(done.kind)) ++progress->files_done;
    progress->bytes_done += done.content_bytes();
  }

  void both(const ScanEntry& found, const TreeEntry& expected) {
    flush_directory(found.path);
    if (found.socket || !same_type(found.kind, expected.kind)) {
      differs_(found.path, Change::typechange);
      return;
    }
    try {
      if (!same_mode(found, expected) || !content_equals(workspace_, workspace_.worktree_fd(), found, expected))
        differs_(found.path, Change::modified);
    } catch (const Error& error) {
      if (error.errno_value() == 0) throw;  // damage, or cancelled
      if (error.kind() == ErrorKind::not_found) differs_(found.path, Change::deleted);  // just now
      else unreadable_.push_back({found.path, error.message()});
    }
  }

  /// A mode that a checkout could not set, and nobody changed since, is as recorded.
  bool same_mode(const ScanEntry& found, const TreeEntry& expected) const {
    const Permissions policy = workspace_.settings().core.permissions;
    if (mode_of(found, nullptr, policy) == expected.mode) return true;
    const std::optional<IndexEntry> tracked = index_.find(found.path);
    return tracked && mode_of(found, &*tracked, policy) == expected.mode;
  }

  Workspace& workspace_;
  const Differs& differs_;
  const Index index_;
  std::vector<PathFailure> unreadable_;
  std::string extra_directory_;  // not yet known to be empty
};

}  // namespace

std::vector<PathFailure> verify_worktree(Workspace& workspace, const ObjectId& tree,
                                         const std::function<void(const std::string& path, Change change)>& differs) {
  return Comparison(workspace, differs).run(tree);
}

}  // namespace store
