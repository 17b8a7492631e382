#pragma once

#include <string>
#include <vector>

#include "base/object_id.h"

namespace store {

/// Draws the history beside its commits, for `log --graph`: one lane for each line of descent that is still open. Commits
/// come children before parents.
class LogGraph {
 public:
  struct Rows {
    std::string commit;               // before the commit's first line: "| * "
    std::string rest;                 // before its other lines: "| | "
    std::vector<std::string> joints;  // lines of their own, below the commit: "|/"
  };
  Rows add(const ObjectId& id, const std::vector<ObjectId>& parents);

 private:
  std::string lanes_text() const;
  void close_lane(std::size_t lane, Rows& rows);
  void open_lanes(std::size_t lane, const std::vector<ObjectId>& parents, Rows& rows);
  void join_equal_lanes(Rows& rows);

  std::vector<ObjectId> lanes_;  // the commit that each lane waits for
};

}  // namespace store
