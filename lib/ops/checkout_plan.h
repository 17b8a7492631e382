#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "ops/checkout_changes.h"
#include "ops/checkout_interrupted.h"
#include "ops/workspace.h"

namespace store {

/// What a checkout does at the path of a change.
enum class Step : std::uint8_t {
  leave,              // nothing
  keep,               // is there already as wanted
  set_mode,           // only the mode differs
  write,              // nothing is there
  replace,            // a file is there that is not needed any more
  rewrite,            // as `replace`, but in place: only what differs is written
  replace_directory,  // a directory is there: it goes after its content, then as `write`
  make_directory,     // nothing is there
  turn_into_directory,  // a file is there that is not needed any more, then as `make_directory`
  remove,             // a file
  remove_directory,   // if it is empty by then
  remove_tree,        // with what of it is in `untracked_below`, and what is empty by then
  forget,             // gone already
  stage_only,         // what is there stays; what is wanted is only tracked
  not_restored,       // cannot be made by this user: recorded as expected to be absent
};

/// Steps of a change source, one for each change. Memory: 1 byte a change, in place 41.
struct CheckoutPlan {
  std::vector<Step> steps;
  std::vector<StatKey> stats;                 // in place: of files that are as wanted, as soon as they are; else all zero
  std::vector<std::string> in_the_way;        // what would be lost, in path order
  std::optional<Error> unreadable;            // why the first of these could not be compared with what is known
  std::vector<std::string> untracked_below;   // files to be removed with a directory that has to go (in place: part of in_the_way)
  std::set<std::string> kept_directories;     // gone from the target, but holding staged paths
  struct Rewrite {
    ObjectId from;  // the recipe of what is there
    StatKey stat;
    std::uint64_t bytes = 0;  // to write
  };
  std::map<std::size_t, Rewrite> rewrites;    // by change; of large files only
  std::uint64_t files = 0;                    // to write
  std::uint64_t bytes = 0;

  /// True if a step is of that kind: a walk over the changes that would find none is spared.
  bool any(bool (*is_of_kind)(Step)) const { return std::any_of(steps.begin(), steps.end(), is_of_kind); }
  void set_stat(std::size_t index, const StatKey& stat) {
    if (!stats.empty()) stats[index] = stat;
  }
  /// What a memory budget has left beside the plan; never below a quarter of it.
  std::uint64_t memory_beside(std::uint64_t budget) const;
};

/// True for a change of attribute_changes().
bool concerns_attributes_only(const TreeChange& change);

/// True for a step after which the target's content is at the path.
bool is_wanted(Step step);
bool writes_content(Step step);

/// Decides for a checkout in place: what is modified or staged and differs between the two states, and what is untracked and
/// has other bytes, is in the way; identical files are not.
class InPlacePlanner {
 public:
  struct Inputs {
    const Workspace* workspace = nullptr;
    const Index* index = nullptr;
    /// Of HEAD, for a checkout of paths: an entry staged since is in the way. Nothing: `before` is HEAD's entry.
    std::optional<ObjectId> staged_against;
    bool paths_only = false;
    bool everything = false;    // the changes are all that is tracked or in the target, against the index
    bool only_removes = false;  // no directory is made or changed
    std::function<bool(const std::string& path)> named;  // of a directory: it is not only on the way to something
    bool interrupted = false;   // a checkout was killed before: directories may have the modes that it worked with
    /// Files that a checkout was rewriting in place when it was killed.
    const Rewrites* rewrites = nullptr;
  };
  InPlacePlanner(const Inputs& inputs, CheckoutPlan& plan) : in_(inputs), plan_(plan) {}
  /// The changes in order.
  void decide(const TreeChange& change);
  /// The next change is only put into the index.
  void stage_only(const TreeChange& change);
  void finish();

 private:
  struct State {
    const TreeChange& change;
    std::optional<IndexEntry> tracked;
    std::optional<ScanEntry> found;
  };
  Step step_for(const State& state);
  Step deleted(const State& state);
  Step directory(const State& state);
  Step attributes(const State& state) const;
  Step file(const State& state);
  Step replace_file(const State& state, const TreeEntry& there);
  Step over_directory(const State& state);
  bool is_tracked_file(const TreeChange& change, const std::string& path, std::string_view below) const;
  Step in_the_way(const State& state, Step step);
  bool is_staged(const State& state) const;
  bool holds(const State& state, const TreeEntry& entry) const;
  bool is_clean(const State& state) const;
  bool is_replaceable(const State& state) const;
  const JournalRewrite* half_written(const State& state) const;
  bool was_not_written(const State& state) const;
  bool is_clean_by_stat(const State& state) const;
  std::uint16_t mode_of(const State& state) const;
  bool stays_absent(const State& state) const;
  void follow_absent(const State& state, Step step);
  void follow_index(const TreeChange& change);
  void leave_followed(std::string_view path);
  void on_staged_below(const std::string& path);

  Inputs in_;
  CheckoutPlan& plan_;
  struct Absent {
    std::string path;
    std::size_t change = 0;
    bool staged = false;  // with another mode
  };
  std::vector<Absent> absent_;  // directories above the last change that are not there, and that nothing needs so far
  // A tracked directory that the target does not have: the index below it, side by side with the changes.
  std::string followed_;
  bool following_ = false;
  bool followed_becomes_file_ = false;
  std::optional<Index::Cursor> followed_index_;
};

/// Decides for a checkout to another folder: equal files are kept, others left alone, differing ones are in the way.
class OutsidePlanner {
 public:
  OutsidePlanner(const Workspace& workspace, int target_fd, CheckoutPlan& plan)
      : workspace_(workspace), target_fd_(target_fd), plan_(plan) {}
  void decide(const TreeChange& change);

 private:
  Step step_for(const TreeChange& change);

  const Workspace& workspace_;
  int target_fd_;
  CheckoutPlan& plan_;
  std::string fresh_;  // a directory that is not there: nor is anything below it
  bool any_fresh_ = false;
};

/// The entry at a path of a tree ("" is none), or nothing.
std::optional<TreeEntry> entry_at(const ObjectReader& objects, ObjectId tree, std::string_view path);

}  // namespace store
