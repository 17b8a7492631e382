// Hard links of which only some are written by a checkout in place. Private to ops.
#pragma once

#include <string>
#include <unordered_map>

#include "ops/checkout_attributes.h"
#include "ops/checkout_plan.h"

namespace store {

/// What a checkout can link to, beside what it writes itself. The index must not change meanwhile.
class LinkNames {
 public:
  /// `target`: the tree that the working tree gets.
  LinkNames(const Workspace& workspace, const Index& index, const ObjectId& target, CheckoutAttributes& attributes)
      : workspace_(workspace), index_(index), target_(target), attributes_(attributes) {}

  /// Looks, for each group of hard links of which a plan writes a name, for another name that is there as it should be. Memory: one
  /// path for each such group.
  void look_for_others(const ChangeSource& source, const CheckoutPlan& plan);
  /// Such a name, if the target has both as one file; nothing if there is none.
  std::optional<std::string> other_of(const TreeChange& change, const Attributes& recorded) const;
  /// The stat that a file which is tracked as the target has it has if it is so.
  std::optional<StatKey> untouched(const std::string& path) const;

 private:
  bool is_there(const std::string& path) const;

  const Workspace& workspace_;
  const Index& index_;
  ObjectId target_;
  CheckoutAttributes& attributes_;
  std::unordered_map<std::string, std::string> others_;  // by the group's first name
};

}  // namespace store
