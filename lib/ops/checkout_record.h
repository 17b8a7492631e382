// What the oplog is told beside the index, so that a checkout can be taken back; private to ops.
#pragma once

#include "ops/checkout_forms.h"

namespace store {

struct SurroundingsOf {
  bool paths = false;       // a checkout of paths
  bool files_only = false;  // one that leaves the index alone
  bool interrupted = false;  // one was killed before
};
/// What a plan takes over or leaves out without overwriting it: tracked files that are not there (of directories, the topmost that is
/// not), what stands in their place, and what is as wanted already, but not as tracked.
void keep_surroundings(const Workspace& workspace, const Index& index, const ChangeSource& source, const CheckoutPlan& plan,
                       const SurroundingsOf& by, DiscardStore& store);

/// Where the index does not change, it cannot tell what was in the files, nor what is written to them.
struct Replaced {
  std::vector<std::string> paths;
  std::vector<std::string> modes;  // of what else is as it is to become
  std::vector<IndexEntry> by;  // in path order
};
Replaced replaced_by(const ChangeSource& source, const CheckoutPlan& plan);

}  // namespace store
