#include "ops/merge_base.h"

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "ops/revision.h"

namespace store {
namespace {

enum Reached : std::uint8_t { k_by_one = 1, k_by_other = 2, k_by_both = 3, k_below_common = 4 };

/// Paints history from both tips down. A commit that both colours reach is common; what is below it is marked, and the walk ends
/// when nothing else is left. A clock that went backwards makes it look at commits twice, never miss one.
class Painter {
 public:
  explicit Painter(const Workspace& workspace) : workspace_(workspace) {}

  std::vector<ObjectId> common(const ObjectId& one, const ObjectId& other) {
    paint(one, k_by_one);
    paint(other, k_by_other);
    while (open_ > 0) {
      workspace_.check_cancelled();
      const ObjectId id = queue_.top().id;
      queue_.pop();
      Seen& seen = seen_.at(id);
      --seen.queued;
      if ((seen.reached & k_below_common) == 0) --open_;
      std::uint8_t passed = seen.reached;
      if ((passed & k_by_both) == k_by_both) {
        if ((passed & k_below_common) == 0) candidates_.insert(id);
        passed |= k_below_common;
      }
      const std::vector<ObjectId> parents = seen.parents;  // the map may move
      for (const ObjectId& parent : parents) paint(parent, passed);
    }
    std::vector<ObjectId> found;
    for (const ObjectId& id : candidates_)
      if ((seen_.at(id).reached & k_below_common) == 0) found.push_back(id);
    return found;
  }

  std::int64_t time_of(const ObjectId& id) const { return seen_.at(id).time; }

 private:
  struct Seen {
    std::int64_t time = 0;
    std::vector<ObjectId> parents;
    std::uint32_t queued = 0;
    std::uint8_t reached = 0;
  };
  struct Queued {
    std::int64_t time;
    ObjectId id;
    bool operator<(const Queued& other) const { return time != other.time ? time < other.time : other.id < id; }
  };

  void paint(const ObjectId& id, std::uint8_t colours) {
    const auto [at, added] = seen_.try_emplace(id);
    Seen& seen = at->second;
    if (added) {
      const Commit commit = read_commit(workspace_.objects(), id);
      seen.time = commit.time.seconds;
      seen.parents = commit.parents;
    }
    if ((seen.reached & colours) == colours) return;
    const bool was_open = (seen.reached & k_below_common) == 0;
    seen.reached |= colours;
    if (was_open && (seen.reached & k_below_common) != 0) open_ -= seen.queued;
    ++seen.queued;
    if ((seen.reached & k_below_common) == 0) ++open_;
    queue_.push({seen.time, id});
  }

  const Workspace& workspace_;
  std::unordered_map<ObjectId, Seen, ObjectIdHash> seen_;
  std::unordered_set<ObjectId, ObjectIdHash> candidates_;
  std::priority_queue<Queued> queue_;
  std::uint64_t open_ = 0;  // entries of the queue that are not below a common commit
};

/// Those that none of the others reaches: the walk above stops before it has seen all of the common history.
std::vector<ObjectId> independent(const Workspace& workspace, std::vector<ObjectId> commits) {
  if (commits.size() < 2) return commits;
  std::unordered_set<ObjectId, ObjectIdHash> reached;
  std::vector<ObjectId> open;
  for (const ObjectId& id : commits)
    for (const ObjectId& parent : read_commit(workspace.objects(), id).parents) open.push_back(parent);
  while (!open.empty()) {
    workspace.check_cancelled();
    const ObjectId id = open.back();
    open.pop_back();
    if (!reached.insert(id).second) continue;
    for (const ObjectId& parent : read_commit(workspace.objects(), id).parents) open.push_back(parent);
  }
  std::erase_if(commits, [&](const ObjectId& id) { return reached.contains(id); });
  return commits;
}

}  // namespace

std::vector<ObjectId> merge_bases(const Workspace& workspace, const ObjectId& one, const ObjectId& other) {
  if (one == other) return {one};
  Painter painter(workspace);
  std::vector<ObjectId> bases = independent(workspace, painter.common(one, other));
  std::sort(bases.begin(), bases.end(), [&](const ObjectId& a, const ObjectId& b) {
    const std::int64_t time_a = painter.time_of(a);
    const std::int64_t time_b = painter.time_of(b);
    return time_a != time_b ? time_a < time_b : a < b;
  });
  return bases;
}

}  // namespace store
