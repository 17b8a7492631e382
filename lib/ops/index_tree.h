#pragma once

#include <vector>

#include "format/index_metadata.h"
#include "ops/add.h"
#include "repo/publisher.h"
#include "worktree/index.h"

namespace store {

/// How attributes are recorded in a commit.
struct AttributesPolicy {
  MetadataSelection selection;
  std::optional<std::int64_t> latest_second;  // SOURCE_DATE_EPOCH: later times are recorded as this
  /// Tells attributes that were made by other rules.
  std::uint64_t fingerprint() const;
};

/// Writes the tree of the index: only directories whose tree id is not known are built; an unchanged subtree is neither read,
/// rebuilt, rehashed nor written. With a policy that selects something, likewise the attributes, which mirror the tree.
struct IndexTree {
  ObjectId id;
  std::optional<ObjectId> attributes;   // the root object
  std::vector<IndexEntry> built;        // directories with their new ids, in path order: for the index
  std::vector<PathFailure> incomplete;  // attributes that did not fit their entry
};
IndexTree write_index_tree(const Index& index, ObjectWriter& writer, const AttributesPolicy& policy = {});

/// Lets the index know the trees; after they are published.
void record_trees(Index& index, const IndexTree& tree, bool sync);

/// Figures of everything in the index: files, bytes, chunks, directories (without the root), symlinks.
struct IndexSummary {
  IngestTotals totals;
  std::uint64_t contents = 0;  // everything but directories with something in them
  bool any_linked = false;
};
IndexSummary index_summary(const Index& index);

}  // namespace store
