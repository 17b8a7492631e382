#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ops/status.h"
#include "ops/tree_reader.h"
#include "worktree/pathspec.h"

namespace store {

/// A difference between two trees as `show` and `diff` list it. Of a renamed path `before` is the entry at `from`.
struct ListedChange {
  std::string path;
  Change change{};
  std::string from;  // renamed only
  std::optional<TreeEntry> before;
  std::optional<TreeEntry> after;
  const TreeEntry& entry() const { return after ? *after : *before; }
  bool directory() const { return entry().kind == EntryKind::directory; }
  /// Files and symlinks of non-empty content take part in rename detection.
  bool renameable() const {
    const bool content = is_regular(entry().kind) || entry().kind == EntryKind::symlink;
    return (change == Change::added || change == Change::deleted) && content && entry().size != 0;
  }
};

/// Over this many deleted and added files renames are not looked for, which bounds the memory (about 20 MB).
inline constexpr std::size_t k_max_rename_candidates = 100'000;

/// Changes in path order, as often as it is asked for them.
using ChangeSequence = std::function<void(const std::function<void(ListedChange)>& visit)>;
/// The same with a deleted and an added file of one non-empty content as one rename; goes through the sequence twice.
void with_renames(const ChangeSequence& changes, const std::function<void(const ListedChange&)>& visit);

/// The differences of two trees (nothing: the empty one) in path order, while they are found. Directories are listed when
/// their mode changed, or when they are empty and were added or deleted; a change of form alone is none; a deleted and an added file of the same non-empty
/// content are one rename, for which the trees are compared twice. `paths`: none: everything. Half a rename
/// that they leave out is an addition or a deletion.
void list_changes(const Workspace& workspace, const std::optional<ObjectId>& before, const std::optional<ObjectId>& after,
                  const std::vector<Pathspec>& paths, const std::function<void(const ListedChange&)>& visit);

/// True if a file is only stored in another form, with the same chunks: nothing that the user would see has changed.
bool is_change_of_form(const ObjectReader& objects, const ListedChange& change);

/// Bytes of content that a change touches: for files known by their chunks, without reading any; 0 for a rename and a change
/// of mode alone.
std::uint64_t changed_bytes(const ObjectReader& objects, const ListedChange& change);

}  // namespace store
