// Taking an entry of the oplog back, as far as files are concerned; private to ops.
#pragma once

#include "ops/checkout_forms.h"

namespace store {

/// Compares what is in the working tree with what the entry left there.
class TakeBackCheck {
 public:
  /// `left`: what the entry left, as far as it is known; `target`: the index as it is to become.
  TakeBackCheck(const Workspace& workspace, const TakeBack& entry, const ObjectId& left, const ObjectId& target,
                const Interrupted& interrupted)
      : workspace_(workspace), entry_(entry), left_(left), target_(target), interrupted_(interrupted) {}

  /// True if what a change would remove is what comes back: then it stays.
  bool comes_back(const TreeChange& change) const;
  /// True if a directory was and is in the place of the file that is to be tracked again.
  bool stands_aside(const TreeChange& change) const;
  /// Error{conflict} naming all that changed since; an error by errno if one of these could not be read. What is left in the way of the plan is what the entry itself brought back.
  void run(CheckoutPlan& plan);
  /// What goes beside what is in the plan's way, and is to be kept; directories, too.
  std::vector<std::string> overwritten;
  /// Where something comes back and nothing is: the topmost directories that are not there.
  std::vector<std::string> absent;

  /// How the files of a tree come over what run() has looked at.
  CheckoutPlan plan_over(const ChangeSource& files) const;

 private:
  void look_at_overwrites();
  void look_at_what_comes_back();
  void look_at(const TreeChange& back);
  void look_below(const std::string& path, bool others_stay);
  void note_absent(const std::string& path, bool stayed);
  bool is_of_either(const std::string& path) const;
  /// A killed checkout was writing it in place, and nobody has written to it since.
  bool is_being_rewritten(const ScanEntry& found) const;
  bool holds(const std::string& path, const std::optional<TreeEntry>& entry) const;
  std::vector<TreeEntry> known_at(const std::string& path) const;
  bool has_known_mode(const ScanEntry& directory) const;
  std::optional<TreeEntry> left_at(const std::string& path) const;

  const Workspace& workspace_;
  const TakeBack& entry_;
  ObjectId left_;
  ObjectId target_;
  const Interrupted& interrupted_;
  std::vector<std::string> changed_;
  mutable std::optional<Error> unreadable_;
};

/// The topmost directory on the way to a path, or the path itself, that is not there; nothing if something else than a directory is on
/// the way.
std::optional<std::string> topmost_absent(const Workspace& workspace, const std::string& path);

}  // namespace store
