#pragma once

#include <functional>

#include "ops/add.h"
#include "repo/publisher.h"
#include "worktree/index.h"

namespace store {

/// Writes the tree of the index: only directories whose tree id is not known are built; an unchanged subtree is neither read,
/// rebuilt, rehashed nor written. `known` is told the new ids of directories, children first, for the index.
NodeBuilder::Root write_index_tree(const Index& index, ObjectWriter& writer,
                                   const std::function<void(const IndexEntry&)>& known);

/// Figures of everything in the index: files, bytes, chunks, directories (without the root), symlinks.
IngestTotals index_totals(const Index& index);

}  // namespace store
