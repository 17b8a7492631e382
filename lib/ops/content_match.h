#pragma once

#include "base/error.h"
#include "format/recipe.h"
#include "format/tree.h"
#include "ops/workspace.h"
#include "pipeline/ingest.h"
#include "worktree/scanner.h"

namespace store {

/// True if both are regular files, or of the same other kind.
bool same_type(EntryKind a, EntryKind b);

/// True if what a walk found at a path of `root_fd`'s tree has this entry's type and content (a file's bytes, a link's target, a
/// device's number; directories always match). Modes are not compared. A file that changes while it is read, vanishes
/// or cannot be read does not match. Holes are stepped over. Settings play no part: content is cut as the entry has it.
bool content_matches(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry);
/// The same; `unreadable` gets the first refusal to read something that is there, if it has none.
bool content_matches(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry,
                     std::optional<Error>& unreadable);

/// The same, but what cannot be read is an Error by errno.
bool content_equals(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry);

/// The same for what the settings of now would record in another form, as far as that shows: by the size, or by the first chunks,
/// cut again. Content in today's form is left to whoever records it: false without reading more. So is what cannot be read.
bool equals_in_another_form(const Workspace& workspace, int root_fd, const ScanEntry& found, const TreeEntry& entry,
                            const ContentProfile& now);

/// True if this is what an open file holds at an offset. Holes are stepped over; `buffer` is for reuse.
bool stretch_matches(int fd, const RecipeEntry& stretch, std::uint64_t offset, Bytes& buffer, const std::string& path);

/// A symlink's target, checked.
std::string read_link_target(const ObjectReader& objects, const TreeEntry& entry);

/// The number of chunks that a file's content refers to (cli contract §5 `chunks`).
std::uint64_t chunk_count(const ObjectReader& objects, const TreeEntry& entry);

}  // namespace store
