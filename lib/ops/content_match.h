#pragma once

#include "format/recipe.h"
#include "format/tree.h"
#include "ops/workspace.h"
#include "worktree/scanner.h"

namespace store {

/// True if both are regular files, or of the same other kind.
bool same_type(EntryKind a, EntryKind b);

/// True if what a walk found at a path of `root_fd`'s tree has this entry's type and content (a file's bytes, a link's target, a
/// device's number; directories always match). Modes are not compared. A file that changes while it is read, vanishes
/// or cannot be read does not match. Holes are stepped over.
bool content_matches(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry);

/// True if this is what an open file holds at an offset. Holes are stepped over; `buffer` is for reuse.
bool stretch_matches(int fd, const RecipeEntry& stretch, std::uint64_t offset, Bytes& buffer, const std::string& path);

/// A symlink's target, checked.
std::string read_link_target(const ObjectReader& objects, const TreeEntry& entry);

/// The number of chunks that a file's content refers to (cli contract §5 `chunks`).
std::uint64_t chunk_count(const ObjectReader& objects, const TreeEntry& entry);

}  // namespace store
