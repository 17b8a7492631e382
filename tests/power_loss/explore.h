#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include "support/power_loss.h"

namespace store::test {

/// STORE_POWER_LOSS: how many states a moment has beside the plain ones, in place of the few of every day.
inline ExploreOptions explore_options() {
  ExploreOptions options;
  if (const char* asked = std::getenv("STORE_POWER_LOSS")) options.states_per_point = std::strtoul(asked, nullptr, 10);
  return options;
}

/// Of all tests of this program, shown when it ends.
class Total {
 public:
  ~Total() {
    std::printf("power loss: %zu points, %zu distinct states, %zu checks, %zu bad\n", all_.points, all_.states, all_.checks,
                all_.bad);
  }
  void add(const Explored& explored) { all_ += explored; }

 private:
  Explored all_;
};

/// Fewer states than `at_least` mean that the commands were not recorded.
inline void report(const Explored& explored, std::size_t at_least) {
  static Total total;
  total.add(explored);
  MESSAGE(explored.points, " points, ", explored.states, " states, ", explored.checks, " checks, ", explored.bad, " bad\n",
          explored.report);
  CHECK(explored.bad == 0);
  CHECK(explored.states >= at_least);
}

inline void explore_and_check(PowerLossRun& run, std::size_t at_least) { report(run.explore(explore_options()), at_least); }

}  // namespace store::test
