#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ops/workspace.h"

namespace store {

/// Visits the oplog, newest first; `visit` returns false to stop. Memory: a bounded window of records.
void visit_oplog(const Workspace& workspace, const std::function<bool(const OplogStep&)>& visit);

/// Where a ref was in time: HEAD, or a branch or tag by full name. HEAD counts as the commit it led to.
struct RefMoment {
  std::int64_t time = 0;
  ObjectId commit;
};
/// Oldest first.
std::vector<RefMoment> history_of(const Workspace& workspace, const std::string& ref);

/// Where HEAD was before it came to where it is: a branch's full name, or a commit if it was on none.
std::optional<RefValue> previous_head(const Workspace& workspace);

}  // namespace store
