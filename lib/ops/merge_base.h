#pragma once

#include <vector>

#include "ops/workspace.h"

namespace store {

/// The best common ancestors of two commits, those that no other common ancestor descends from: none for unrelated histories, one
/// as a rule, several after merges that cross; the earliest by commit time first, then by id. Whatever clocks said, the answer is
/// the same. Memory: about 100 bytes a commit that is looked at; commits are looked at by falling time until only common history
/// is left.
std::vector<ObjectId> merge_bases(const Workspace& workspace, const ObjectId& one, const ObjectId& other);

}  // namespace store
