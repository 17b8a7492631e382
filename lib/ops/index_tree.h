#pragma once

#include <vector>

#include "ops/add.h"
#include "repo/publisher.h"
#include "worktree/index.h"

namespace store {

/// Writes the tree of the index: only directories whose tree id is not known are built; an unchanged subtree is neither read,
/// rebuilt, rehashed nor written.
struct IndexTree {
  ObjectId id;
  std::vector<IndexEntry> built;  // directories with their new tree ids, in path order: for the index
};
IndexTree write_index_tree(const Index& index, ObjectWriter& writer);

/// Lets the index know the trees; after they are published.
void record_trees(Index& index, const IndexTree& tree, bool sync);

/// Figures of everything in the index: files, bytes, chunks, directories (without the root), symlinks.
IngestTotals index_totals(const Index& index);

}  // namespace store
