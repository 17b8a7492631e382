#pragma once

#include <functional>
#include <string>

#include "unit/app/cli_fixture.h"

namespace store::test {

/// A working tree with its repository that is prepared once and put back for each round of a sweep.
class KeptWorld {
 public:
  /// `prepare` runs in a process of its own: in this one nothing has been used before, as in the real program. With one thread: oneTBB's
  /// locks may be held by a thread that exists on this side of the fork only.
  explicit KeptWorld(const std::function<void(CommandLine&)>& prepare);

  CommandLine store;

  /// As it was prepared. Cheap if nobody has touched it since.
  void put_back();
  /// Names and sizes of all that is there now; names that are drawn look alike.
  std::string shape() const;
  /// Names of files that a command makes for a while; but not what it keeps for the next one.
  std::string temporaries() const;

 private:
  std::string marks() const;
  std::string marks_;
};

/// Two commits on main, one on side, small files and a large one; something is changed and not staged.
void prepare_changes(CommandLine& store);
/// The same without the changes.
void prepare_branches(CommandLine& store);

}  // namespace store::test
