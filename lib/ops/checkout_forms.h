// The forms of checkout(); private to ops.
#pragma once

#include "ops/checkout.h"
#include "ops/checkout_plan.h"
#include "repo/session.h"

namespace store {

/// `--out`: to another folder. Never touches HEAD or index; works in a bare or read-only repository.
CheckoutResult checkout_outside(Workspace& workspace, const CheckoutOptions& options);

/// Puts the bytes of files that are about to be overwritten into the repository, and returns the tree that holds them: the root that
/// keeps them. Error if one of them cannot be read: then nothing may be overwritten.
ObjectId store_discarded(Workspace& workspace, const Session& session, std::vector<std::string> paths);

/// Id of the tree without entries.
ObjectId empty_tree_id();

/// An entry of the oplog in reverse.
struct TakeBack {
  ObjectId before;       // the index as the entry left it
  ObjectId after;        // and as it was
  ObjectId brings_back;  // files that the entry had discarded: they come back over those of `after`
  ObjectId overwrites;   // files that may be there instead of those of `before`, and are discarded
  std::vector<RefChange> refs;
};
/// Index, files and refs as they were, as one entry. Error{conflict} naming all files that are neither as the entry left them nor
/// as they are to become; then nothing is touched.
CheckoutResult take_back_files(Workspace& workspace, const TakeBack& entry);

/// The index as a tree, written if it is not known.
ObjectId store_index_tree(Workspace& workspace, const Session& session, const Index& index);

/// Error{conflict} listing what is in the way.
[[noreturn]] void throw_in_the_way(std::vector<std::string> paths);

/// Every path matches something in the tree, or Error{not_found}.
void check_paths_in_tree(const ObjectReader& objects, const ObjectId& tree, const std::vector<Pathspec>& paths);

}  // namespace store
