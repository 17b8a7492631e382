#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ops/revision.h"

namespace store {

/// The commits of HEAD, all branches and all tags.
std::vector<ObjectId> every_tip(const Workspace& workspace);

/// Which parents a walk follows.
enum class Parents { all, first };

/// Walks history: children before parents whatever their clocks say, and among commits that are free the newest first
/// (then by id). While only one commit is known and not yet shown, everything else is below it, so nothing is read ahead:
/// the first commits of a straight history cost nothing more. From the first fork on, all commits left are read once
/// and kept as numbers: about 120 bytes each.
class CommitWalk {
 public:
  CommitWalk(const Workspace& workspace, const std::vector<ObjectId>& start, const std::vector<ObjectId>& exclude,
             Parents parents);
  struct Item {
    ObjectId id;
    Commit commit;
  };
  /// Nothing at the end.
  std::optional<Item> next();

 private:
  using Number = std::uint32_t;
  struct Node {
    ObjectId id;
    std::int64_t time = 0;
    std::uint32_t children = 0;       // not shown yet
    std::uint32_t first_parent = 0;   // index into parents_
    std::uint32_t parent_count = 0;
  };
  void exclude_history(const std::vector<ObjectId>& tips);
  std::vector<ObjectId> parents_of(const Commit& commit) const;
  void load_graph();
  Number number_of(const ObjectId& id);
  bool less(Number a, Number b) const;
  void make_free(Number number);
  std::optional<Item> next_straight();
  std::optional<Item> next_free();

  const Workspace* workspace_;
  Parents parents_mode_;
  std::unordered_set<ObjectId, ObjectIdHash> excluded_;
  std::vector<ObjectId> tips_;  // straight mode: the one commit; before load_graph(): all known ones
  bool loaded_ = false;
  std::unordered_map<ObjectId, Number, ObjectIdHash> numbers_;
  std::vector<Node> nodes_;
  std::vector<Number> parents_;
  std::vector<Number> free_;  // a heap
};

}  // namespace store
