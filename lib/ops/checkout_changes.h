#pragma once

#include "ops/tree_reader.h"
#include "worktree/index.h"
#include "worktree/pathspec.h"

namespace store {

/// What a checkout has to look at, in path order, a directory before its content. A source can be asked again and again and
/// always gives the same changes: plans keep one byte for each instead of the changes themselves.
using ChangeStream = std::function<std::optional<TreeChange>()>;
using ChangeSource = std::function<ChangeStream()>;

/// The same changes. The first stream that comes to its end keeps them for those that follow, unless they take more than 8 MiB:
/// then each one goes through the trees again. One stream at a time may be asked.
ChangeSource remembered(ChangeSource source);

/// What differs between two trees, directories with changed content included.
ChangeSource changes_between(const ObjectReader& objects, const std::optional<ObjectId>& before, const ObjectId& after);

/// Everything in a tree that matches, as added, and the directories on the way to it.
ChangeSource content_of(const ObjectReader& objects, const ObjectId& tree, const PathspecSet& pathspecs);

/// One entry, as added.
ChangeSource single_entry(const TreeEntry& entry, const std::string& path);

/// What is tracked and matches, as deleted, and so the directories that this leaves without content; those above are
/// `modified`. The index must not
/// change.
ChangeSource removal_of(const Index& index, const PathspecSet& pathspecs);

/// Both, in path order; of one path, the first one's change.
ChangeSource merged(ChangeSource first, ChangeSource second);

/// Of removals, the deletions of what the tree does not have.
ChangeSource without_kept(ChangeSource removals, const ObjectReader& objects, const ObjectId& tree);

/// Puts the index's entries in as `before`. Where a directory is tracked and something else is to be written, what is tracked below it
/// follows as deleted. Directories that are tracked and lie only on the way keep their mode. The index must not change.
ChangeSource against_index(ChangeSource source, const Index& index, const PathspecSet& pathspecs);

}  // namespace store
