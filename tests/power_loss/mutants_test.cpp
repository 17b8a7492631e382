// A harness that finds nothing wrong with these file systems would find nothing wrong with anything.
#include <doctest/doctest.h>

#include "support/mutant_file_systems.h"
#include "support/power_loss.h"
#include "support/work_fixture.h"

using namespace store;
using namespace store::test;

namespace {

bool is_pack_or_catalog(int fd) {
  return is_open_as(fd, "/pack.tmp") || is_open_as(fd, "/packs") || is_open_as(fd, "/catalog");
}

/// The number of the first bad state of an init and two commits.
std::optional<std::size_t> first_bad(const PowerLossRun::Wrap& wrap) {
  PowerLossRun run(wrap);
  run.step("init", [](const Site& site) { site.init(); });
  for (const int round : {1, 2}) {
    run.write("work/a", noise(5'000, static_cast<std::uint64_t>(round)));
    run.step("add", [](const Site& site) { site.add_all(); });
    run.step("commit", [](const Site& site) { site.commit("message"); });
  }
  const Explored explored = run.explore({.states_per_point = 8, .stop_at_first_bad = true});
  MESSAGE("caught at state ", explored.first_bad.value_or(0), ": ", explored.report);
  return explored.first_bad;
}

template <typename... Arguments>
PowerLossRun::Wrap skipping(Arguments... arguments) {
  return [=](FileSystem& next) { return std::make_unique<SkippedSync>(next, arguments...); };
}

constexpr std::size_t k_soon = 1000;  // states

void check_caught(const PowerLossRun::Wrap& wrap) {
  const std::optional<std::size_t> found = first_bad(wrap);
  REQUIRE(found);
  CHECK(*found < k_soon);
}

}  // namespace

TEST_CASE("a store without any sync of data is caught") {
  check_caught(skipping([](int fd) { return fd < 0 || !is_directory(fd); }));
}

TEST_CASE("a store without syncs of directories is caught") {
  check_caught(skipping([](int fd) { return fd >= 0 && is_directory(fd); }));
}

TEST_CASE("a store that does not sync a pack is caught") {
  check_caught(skipping([](int fd) { return is_open_as(fd, "/pack.tmp"); }));
}

TEST_CASE("a store that does not sync the name of a pack is caught") {
  check_caught(skipping([](int fd) { return is_open_as(fd, "/packs"); }));
}

TEST_CASE("a store that does not sync a ref's temporary is caught") {
  check_caught(skipping([](int fd) { return is_open_as(fd, "/refs/.new-0"); }));
}

TEST_CASE("a store that does not sync the oplog before it moves refs is caught") {
  check_caught(skipping([](int fd) { return is_open_as(fd, "/oplog"); }));
}

TEST_CASE("a store that writes refs in place is caught") {
  check_caught([](FileSystem& next) { return std::make_unique<RefInPlace>(next); });
}

TEST_CASE("a store that makes a ref sure before its pack is caught") {
  check_caught([](FileSystem& next) {
    return std::make_unique<LateSync>(next, is_pack_or_catalog, [](int fd) { return is_open_as(fd, "/refs/heads"); });
  });
}

TEST_CASE("a store that makes the index sure before its objects is caught") {
  check_caught([](FileSystem& next) {
    return std::make_unique<LateSync>(next, is_pack_or_catalog, [](int fd) { return is_open_as(fd, "/index.log"); });
  });
}

TEST_CASE("a store that writes small files under their final names is caught") {
  check_caught([](FileSystem& next) { return std::make_unique<FinalName>(next, ".tmp."); });
}
