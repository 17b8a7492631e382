#pragma once

#include <map>
#include <unordered_map>

#include "ops/checkout.h"
#include "ops/checkout_attributes.h"
#include "ops/checkout_plan.h"
#include "ops/link_names.h"
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

  /// What is restored beside content and mode; nothing: nothing is.
  CheckoutAttributes* attributes = nullptr;
  /// Whether a directory that is there already gets its recorded attributes; not set: every one does.
  std::function<bool(const std::string& path)> restores_directory;
  /// What is there to link to, beside what this writes; nothing: nothing is.
  const LinkNames* links = nullptr;

  void run();

 private:
  template <typename Visit>
  void for_each(Visit visit);
  template <typename Action>
  void attempt(const std::string& path, Action action);
  void fail(const std::string& path, const Error& error);
  void fail_to_write(const std::string& path, std::size_t index, EntryKind kind, const Error& error);
  void unlock_directories();
  void remove();
  void remove_empty_below(const std::string& path, std::vector<std::string>& directories) const;
  void make_directories();
  void write_files();
  void write_contents(const std::vector<std::size_t>* only);
  RestoreOptions restore_options() const;
  void put_back(std::vector<RestoreItem> files);
  RestoreItem item_for(const TreeChange& change, std::size_t index, const std::optional<Attributes>& recorded);
  void make_links();
  void note_kept_links();
  std::optional<std::string> other_name(const TreeChange& change, const Attributes& recorded) const;
  bool make_link(const TreeChange& change, std::size_t index, const std::string& target);
  bool is_as_written(const ScanEntry& found, const std::string& path, std::uint64_t size) const;
  bool link_node(const TreeChange& change, const Attributes& recorded, TargetTree::File::Replace replace);
  void finish_entry(const TreeChange& change, std::size_t index, const std::optional<Attributes>& recorded);
  void refresh_kept(const TreeChange& change, std::size_t index, const std::optional<Attributes>& recorded);
  void finish_directory(const std::string& path, std::uint16_t mode, const std::optional<Attributes>& recorded);
  CheckoutAttributes::Lookup lookup() const;
  void write_links_and_nodes();
  void write_node(const TreeChange& change, std::size_t index, const std::optional<Attributes>& recorded);
  void finish_all();
  void set_file_mode(const TreeChange& change, std::size_t index);
  std::optional<std::uint16_t> final_mode(const TreeChange& change, Step step) const;

  const Workspace& workspace_;
  const TargetTree& target_;
  ChangeSource source_;
  CheckoutPlan& plan_;
  CheckoutResult& result_;
  std::vector<std::size_t> linked_;    // changes that become hard links, in order
  std::unordered_map<std::uint64_t, std::size_t> link_targets_;  // hashes of paths, with the changes that write them
  std::unordered_map<std::string, std::string> kept_links_;  // by the first name of their file; where `links` knows nothing
  std::map<std::string, std::uint16_t> unlocked_;  // directories that keep a mode that is not the target's
};

}  // namespace store
