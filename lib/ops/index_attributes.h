// Attributes in the index between add and commit.
#pragma once

#include <vector>

#include "ops/workspace.h"
#include "worktree/index.h"

namespace store {

/// The root's entry of an index that has none.
IndexEntry root_index_entry();

/// Takes entries whose content is as before, in path order, into the index: their stat, and their attributes, for which directories
/// above them lose their attributes id, but not their tree.
void record_refreshed(Index& index, const std::vector<IndexEntry>& refreshed, bool sync);

/// Brings the `link` of every path with more than one hard link up to date: the first path in tree order of the same inode,
/// content and mode. Memory: 24 bytes for each such path; their names go to a temporary file.
void resolve_hard_links(Index& index, bool sync);

}  // namespace store
