#include "ops/diff.h"

#include <fcntl.h>

#include <memory>

#include "base/error.h"
#include "base/path.h"
#include "ops/cat.h"
#include "ops/content_match.h"
#include "ops/size_classes.h"
#include "ops/staged_changes.h"
#include "ops/worktree_changes.h"
#include "pipeline/content_id.h"
#include "worktree/source.h"

namespace store {
namespace {

/// What the index has against a tree, on top of which comes what the working tree has against the index: a tree → worktree.
class Composition {
 public:
  Composition(WorktreeChanges& disk, const std::function<void(ListedChange)>& visit) : disk_(disk), visit_(visit), ahead_(disk.next()) {}

  void on_staged(ListedChange staged) {
    while (ahead_ && compare_paths(ahead_->path, staged.path) < 0) pass_disk();
    if (!staged.after || !ahead_ || ahead_->path != staged.path) {
      visit_(std::move(staged));
      return;
    }
    staged.after = ahead_->after;
    ahead_ = disk_.next();
    if (classify(staged)) visit_(std::move(staged));
  }

  void finish() {
    while (ahead_) pass_disk();
  }

 private:
  void pass_disk() {
    visit_(std::move(*ahead_));
    ahead_ = disk_.next();
  }

  /// False if both sides are the same.
  static bool classify(ListedChange& change) {
    if (!change.before && !change.after) return false;
    if (!change.before || !change.after) {
      change.change = change.after ? Change::added : Change::deleted;
      return true;
    }
    const TreeEntry& before = *change.before;
    const TreeEntry& after = *change.after;
    change.change = same_type(before.kind, after.kind) ? Change::modified : Change::typechange;
    const bool same_content = before.kind == EntryKind::directory ||
                              (before.kind == after.kind && before.size == after.size && before.id == after.id);
    return change.change == Change::typechange || before.mode != after.mode || !same_content;
  }

  WorktreeChanges& disk_;
  const std::function<void(ListedChange)>& visit_;
  std::optional<ListedChange> ahead_;
};

bool is_modified_file(const ListedChange& change) {
  return change.before && change.after && is_regular(change.before->kind) && is_regular(change.after->kind) &&
         (change.before->kind != change.after->kind || change.before->id != change.after->id);
}

std::optional<std::string> read_from_disk(Workspace& workspace, const std::string& path, std::uint64_t limit) {
  const UniqueFd directory(open_beneath(workspace.worktree_fd(), std::string(parent_path(path)), O_PATH | O_DIRECTORY));
  if (!directory) throw Error(ErrorKind::not_found, path + ": not there any more");
  const SourceFile file = open_source(directory.get(), std::string(base_name(path)), path);
  if (file.stat.stat.size > limit) return {};
  Bytes content(static_cast<std::size_t>(file.stat.stat.size));
  content.resize(pread_full(file.fd.get(), content, 0, path));
  return std::string(as_text(content));
}

}  // namespace

std::vector<PathFailure> diff(Workspace& workspace, const DiffSide& before, const DiffSide& after,
                              const std::vector<Pathspec>& paths, const std::function<void(const ListedChange&)>& visit) {
  if (after.kind == DiffSide::Kind::tree) {
    list_changes(workspace, before.tree, after.tree, paths, visit);
    return {};
  }
  const PathspecSet pathspecs(paths);
  const Index index(workspace.repository().fs(), workspace.repository().fd());
  std::vector<PathFailure> failed;
  const auto staged = [&](const std::function<void(ListedChange)>& found) {
    for_each_staged_change(workspace.objects(), before.tree, index, [&](const ListedChange& change) {
      if (pathspecs.matches(change.path, change.entry().kind)) found(change);
    });
  };
  if (after.kind == DiffSide::Kind::index) {
    with_renames(staged, visit);
  } else if (before.kind == DiffSide::Kind::index) {
    WorktreeChanges disk(workspace, index, pathspecs);
    while (const std::optional<ListedChange> change = disk.next()) visit(*change);
    failed = disk.failures();
  } else {
    const auto composed = [&](const std::function<void(ListedChange)>& found) {
      WorktreeChanges disk(workspace, index, pathspecs);
      Composition composition(disk, found);
      staged([&](ListedChange change) {
        if (!is_change_of_form(workspace.objects(), change)) composition.on_staged(std::move(change));
      });
      composition.finish();
      failed = disk.failures();
    };
    with_renames(composed, visit);
  }
  return failed;
}

RecipeDiff changed_ranges(Workspace& workspace, const DiffSide& after, const ListedChange& change) {
  if (after.kind != DiffSide::Kind::worktree)
    return {workspace.objects(), change.before ? &*change.before : nullptr, change.after ? &*change.after : nullptr};
  const Index index(workspace.repository().fs(), workspace.repository().fd());
  const std::optional<IndexEntry> tracked = index.find(change.path);
  const ContentProfile profile =
      SizeClasses(workspace.settings()).profile_of(tracked ? &*tracked : nullptr, change.after->size);
  const auto file =
      std::make_shared<FileRecipe>(workspace.worktree_fd(), change.path, profile.chunking, profile.inline_threshold);
  return {workspace.objects(), change.before ? &*change.before : nullptr, [file] { return file->next(); }};
}

std::uint64_t changed_bytes(Workspace& workspace, const DiffSide& after, const ListedChange& change) {
  if (after.kind != DiffSide::Kind::worktree || !is_modified_file(change)) return changed_bytes(workspace.objects(), change);
  std::uint64_t bytes = 0;
  RecipeDiff ranges = changed_ranges(workspace, after, change);
  while (const std::optional<ChangedRange> range = ranges.next())
    bytes = saturating_add(bytes, std::max(range->old_length, range->new_length));
  return bytes;
}

std::optional<std::string> content_of(Workspace& workspace, const DiffSide& side, const std::string& path,
                                      const TreeEntry& entry, std::uint64_t limit) {
  if (entry.size > limit) return {};
  if (side.kind == DiffSide::Kind::worktree) {
    if (entry.kind == EntryKind::symlink) return symlink_target(workspace.worktree_fd(), path);
    return read_from_disk(workspace, path, limit);
  }
  std::string content;
  cat(workspace, entry, path, {}, [&](ByteView bytes) { content += as_text(bytes); });
  return content;
}

}  // namespace store
