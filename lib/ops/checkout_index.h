#pragma once

#include "ops/checkout_attributes.h"
#include "ops/checkout_plan.h"

namespace store {

struct IndexUpdateRules {
  std::optional<ObjectId> before;  // HEAD's tree, for a whole checkout
  ObjectId after;                  // the target's tree
  bool paths_only = false;         // a checkout of paths: directories above a change have no known tree any more
  CheckoutAttributes* attributes = nullptr;  // what was restored
  std::function<bool(const std::string& path)> restores_directory;  // as the writer's
  bool keeps_modes = true;         // the file system does
  std::int64_t started_ns = 0;     // of the checkout: files stamped about then or later are racy
};

/// Puts what a checkout did into one batch of the index, in path order. A directory's tree is known if it was the one of HEAD, so
/// that nothing was staged below it. Files that could not be written are recorded without stat.
void update_index(const Workspace& workspace, Index& index, const ChangeSource& source, const CheckoutPlan& plan,
                  const IndexUpdateRules& rules);

}  // namespace store
