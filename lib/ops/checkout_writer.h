#pragma once

#include <map>

#include "ops/checkout.h"
#include "ops/checkout_plan.h"
#include "repo/session.h"
#include "worktree/target.h"

namespace store {

/// Carries out a plan: what has to go, then directories, files (in parallel), links and nodes, and modes at the end, the deepest
/// first. Fills in the stats of what it wrote. What fails for one file is in the result's `failed`, and the rest goes on.
/// docs/durability.md "Writing the work tree".
class CheckoutWriter {
 public:
  CheckoutWriter(const Workspace& workspace, const TargetTree& target, ChangeSource source, CheckoutPlan& plan,
                 CheckoutResult& result)
      : workspace_(workspace), target_(target), source_(std::move(source)), plan_(plan), result_(result) {}

  /// Told of each file that is finished, one call at a time.
  std::function<void(const std::string& path, const ObjectId& id)> on_written;

  void run();

 private:
  template <typename Visit>
  void for_each(Visit visit);
  template <typename Action>
  void attempt(const std::string& path, Action action);
  void fail(const std::string& path, const Error& error);
  void unlock_directories();
  void remove();
  void remove_empty_below(const std::string& path, std::vector<std::string>& directories) const;
  void make_directories();
  void write_files();
  void write_links_and_nodes();
  void write_node(const TreeChange& change, std::size_t index);
  void set_modes();
  void set_file_mode(const TreeChange& change, std::size_t index);
  std::optional<std::uint16_t> final_mode(const TreeChange& change, Step step) const;

  const Workspace& workspace_;
  const TargetTree& target_;
  ChangeSource source_;
  CheckoutPlan& plan_;
  CheckoutResult& result_;
  std::map<std::string, std::uint16_t> unlocked_;  // directories that keep a mode that is not the target's
};

}  // namespace store
