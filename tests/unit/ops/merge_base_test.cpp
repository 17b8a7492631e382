#include "ops/merge_base.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "unit/ops/ops_fixture.h"

using namespace store;
using namespace store::test;

using Ids = std::vector<ObjectId>;

TEST_CASE_FIXTURE(OpsFixture, "histories that parted once have the commit where they did as their base, whatever clocks said") {
  for (const std::int64_t skew : {1, -1}) {
    const ObjectId root = commit({.message = "root", .time = 100});
    const ObjectId fork = commit({.parents = {root}, .message = "fork", .time = 100 + 10 * skew});
    const ObjectId left = commit({.parents = {fork}, .message = "left", .time = 100 + 20 * skew});
    const ObjectId right = commit({.parents = {fork}, .message = "right", .time = 100 + 30 * skew});
    CHECK(merge_bases(workspace(), left, right) == Ids{fork});
    CHECK(merge_bases(workspace(), right, left) == Ids{fork});
    CHECK(merge_bases(workspace(), root, right) == Ids{root});
    CHECK(merge_bases(workspace(), right, fork) == Ids{fork});
    CHECK(merge_bases(workspace(), left, left) == Ids{left});
  }
}

TEST_CASE_FIXTURE(OpsFixture, "histories that cross have several bases, the earliest first, then by id") {
  const ObjectId root = commit({.message = "root"});
  const ObjectId a = commit({.parents = {root}, .message = "a", .time = 1'000'020});
  const ObjectId b = commit({.parents = {root}, .message = "b", .time = 1'000'010});
  const ObjectId c = commit({.parents = {root}, .message = "c", .time = 1'000'010});
  const ObjectId one = commit({.parents = {a, b, c}, .message = "one", .time = 1'000'030});
  const ObjectId other = commit({.parents = {b, a, c}, .message = "other", .time = 1'000'040});
  CHECK(merge_bases(workspace(), one, other) == Ids{std::min(b, c), std::max(b, c), a});
  CHECK(merge_bases(workspace(), other, one) == Ids{std::min(b, c), std::max(b, c), a});
}

TEST_CASE_FIXTURE(OpsFixture, "histories without a common commit have no base") {
  const ObjectId one = commit({.message = "one"});
  const ObjectId other = commit({.message = "other"});
  CHECK(merge_bases(workspace(), one, other).empty());
}

TEST_CASE_FIXTURE(OpsFixture, "in random histories with random clocks the bases are those of the definition") {
  testing::SplitMix64 random(11);
  for (int round = 0; round < 20; ++round) {
    Ids ids;
    std::map<ObjectId, Ids> parents;
    for (int i = 0; i < 25; ++i) {
      CommitSpec spec{.message = fmt::format("{} {}", round, i), .time = static_cast<std::int64_t>(random.between(0, 30))};
      for (std::uint64_t k = random.between(0, 2); k > 0 && !ids.empty(); --k) {
        const ObjectId& parent = ids[random.between(ids.size() > 8 ? ids.size() - 8 : 0, ids.size() - 1)];
        if (std::find(spec.parents.begin(), spec.parents.end(), parent) == spec.parents.end()) spec.parents.push_back(parent);
      }
      const Ids of = spec.parents;
      const ObjectId id = commit(spec);
      parents[id] = of;
      ids.push_back(id);
    }
    const auto reached = [&](const ObjectId& tip) {
      std::set<ObjectId> all;
      Ids open{tip};
      while (!open.empty()) {
        const ObjectId id = open.back();
        open.pop_back();
        if (!all.insert(id).second) continue;
        open.insert(open.end(), parents[id].begin(), parents[id].end());
      }
      return all;
    };
    for (int pair = 0; pair < 20; ++pair) {
      const ObjectId a = ids[random.between(0, ids.size() - 1)];
      const ObjectId b = ids[random.between(0, ids.size() - 1)];
      const std::set<ObjectId> of_a = reached(a);
      std::set<ObjectId> common;
      for (const ObjectId& id : reached(b))
        if (of_a.contains(id)) common.insert(id);
      std::set<ObjectId> best = common;
      for (const ObjectId& id : common)
        for (const ObjectId& below : reached(id))
          if (below != id) best.erase(below);
      const Ids found = merge_bases(workspace(), a, b);
      CHECK(std::set<ObjectId>(found.begin(), found.end()) == best);
      CHECK(found.size() == best.size());
    }
  }
}
