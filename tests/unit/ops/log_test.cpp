#include "ops/log.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "unit/ops/ops_fixture.h"

using namespace store;
using namespace store::test;

namespace {

struct LogFixture : OpsFixture {
  std::vector<std::string> subjects(const LogOptions& options) {
    std::vector<std::string> result;
    log(workspace(), options, [&](const ObjectId&, const Commit& commit) {
      result.emplace_back(commit.subject());
      return true;
    });
    return result;
  }
  using Names = std::vector<std::string>;
};

}  // namespace

TEST_CASE_FIXTURE(LogFixture, "children come before parents whatever their clocks say") {
  const ObjectId a = commit({.message = "a", .time = 900});
  const ObjectId b = commit({.parents = {a}, .message = "b", .time = 100});
  const ObjectId c = commit({.parents = {a}, .message = "c", .time = 50});
  const ObjectId d = commit({.parents = {b, c}, .message = "d", .time = 10});
  const ObjectId e = commit({.parents = {d}, .message = "e", .time = 5});
  CHECK(subjects({.start = {e}}) == Names{"e", "d", "b", "c", "a"});
  CHECK(subjects({.start = {e}, .first_parent = true}) == Names{"e", "d", "b", "a"});
  CHECK(subjects({.start = {c, b}}) == Names{"b", "c", "a"});
  CHECK(subjects({.start = {a, e, e}}) == Names{"e", "d", "b", "c", "a"});
  CHECK(subjects({.start = {e}, .reverse = true}) == Names{"a", "c", "b", "d", "e"});
}

TEST_CASE_FIXTURE(LogFixture, "a random history is shown once each, children first, newest first among the free") {
  testing::SplitMix64 random(7);
  std::vector<ObjectId> ids;
  std::map<ObjectId, std::vector<ObjectId>> parents;
  for (int i = 0; i < 60; ++i) {
    CommitSpec spec{.message = fmt::format("{}", i), .time = static_cast<std::int64_t>(random.between(0, 1000))};
    for (std::uint64_t k = random.between(1, 3); k > 0 && !ids.empty(); --k) {
      const ObjectId& parent = ids[random.between(0, ids.size() - 1)];
      if (std::find(spec.parents.begin(), spec.parents.end(), parent) == spec.parents.end())
        spec.parents.push_back(parent);
    }
    ids.push_back(commit(spec));
    parents[ids.back()] = spec.parents;
  }
  std::map<ObjectId, std::size_t> position;
  log(workspace(), {.start = ids}, [&](const ObjectId& id, const Commit&) {
    CHECK(position.emplace(id, position.size()).second);
    return true;
  });
  CHECK(position.size() == ids.size());
  for (const auto& [child, above] : parents)
    for (const ObjectId& parent : above) CHECK(position[child] < position[parent]);
}

TEST_CASE_FIXTURE(LogFixture, "A..B is what B reaches and A does not") {
  const ObjectId a = commit({.message = "a", .time = 1});
  const ObjectId b = commit({.parents = {a}, .message = "b", .time = 2});
  const ObjectId c = commit({.parents = {a}, .message = "c", .time = 3});
  const ObjectId d = commit({.parents = {b, c}, .message = "d", .time = 4});
  CHECK(subjects({.start = {d}, .exclude = {b}}) == Names{"d", "c"});
  CHECK(subjects({.start = {b}, .exclude = {d}}).empty());
}

TEST_CASE_FIXTURE(LogFixture, "the first commits of a straight history read no more than themselves") {
  ObjectId tip = commit({.message = "0", .time = 0});
  for (int i = 1; i < 20; ++i) tip = commit({.parents = {tip}, .message = fmt::format("{}", i), .time = i});
  reopen();
  const std::uint64_t before = workspace().objects().counters().cache_hits + workspace().objects().counters().cache_misses;
  CHECK(subjects({.start = {tip}, .limit = 2}) == Names{"19", "18"});
  const ObjectStore::Counters counters = workspace().objects().counters();
  CHECK(counters.cache_hits + counters.cache_misses - before <= 2);
}

TEST_CASE_FIXTURE(LogFixture, "filters choose commits, and the limit counts what they chose") {
  ObjectId tip = commit({.message = "fix: one", .time = 100});
  tip = commit({.parents = {tip}, .message = "feat: two\n\nfix inside", .time = 200});
  Commit tagged;
  tagged.tree = read_commit(objects(), tip).tree;
  tagged.parents = {tip};
  tagged.author = {"Other", "other@example.com"};
  tagged.time = {300, 0};
  tagged.message = "three";
  tagged.meta = {{"build", "7"}};
  tip = put_commit(tagged);
  CHECK(subjects({.start = {tip}, .since = 200}) == Names{"three", "feat: two"});
  CHECK(subjects({.start = {tip}, .until = 200}) == Names{"feat: two", "fix: one"});
  CHECK(subjects({.start = {tip}, .author = "other@"}) == Names{"three"});
  CHECK(subjects({.start = {tip}, .grep = "fix"}) == Names{"feat: two", "fix: one"});
  CHECK(subjects({.start = {tip}, .limit = 1, .grep = "fix"}) == Names{"feat: two"});
  CHECK(subjects({.start = {tip}, .meta = {{"build", std::nullopt}}}) == Names{"three"});
  CHECK(subjects({.start = {tip}, .meta = {{"build", "8"}}}).empty());
  CHECK(subjects({.start = {tip}, .limit = 0}).empty());
}

TEST_CASE_FIXTURE(LogFixture, "author and message are matched by basic regular expressions, line by line") {
  ObjectId tip = commit({.message = "fix: one\n\ntwo a+b", .time = 100});
  tip = commit({.parents = {tip}, .message = "feat: f.x", .time = 200});
  const auto found = [&](const char* pattern) { return subjects({.start = {tip}, .grep = pattern}); };
  CHECK(found("^f.*:") == Names{"feat: f.x", "fix: one"});
  CHECK(found("^two") == Names{"fix: one"});
  CHECK(found("one$") == Names{"fix: one"});
  CHECK(found("one.*two").empty());
  CHECK(found("a+b") == Names{"fix: one"});
  CHECK(found("f[.]x") == Names{"feat: f.x"});
  CHECK(found("\\(o\\)ne\\|x$") == Names{"feat: f.x", "fix: one"});
  CHECK(found("FIX").empty());
  CHECK(subjects({.start = {tip}, .author = "^.* <.*>$"}).size() == 2);
  CHECK(kind_of([&] { found("\\(a"); }) == ErrorKind::usage);
  CHECK(kind_of([&] { subjects({.author = "[a"}); }) == ErrorKind::usage);
}

TEST_CASE_FIXTURE(LogFixture, "paths choose the commits that change them; a merge that takes one side does not") {
  const ObjectId a = commit({.tree = {{"d/x", file_of("1")}, {"y", file_of("1")}}, .message = "a", .time = 1});
  const ObjectId b =
      commit({.tree = {{"d/x", file_of("2")}, {"y", file_of("1")}}, .parents = {a}, .message = "b", .time = 2});
  const ObjectId c =
      commit({.tree = {{"d/x", file_of("1")}, {"y", file_of("2")}}, .parents = {a}, .message = "c", .time = 3});
  const ObjectId m =
      commit({.tree = {{"d/x", file_of("2")}, {"y", file_of("2")}}, .parents = {b, c}, .message = "m", .time = 4});
  const ObjectId n =
      commit({.tree = {{"d/x", file_of("3")}, {"y", file_of("2")}}, .parents = {m}, .message = "n", .time = 5});
  CHECK(subjects({.start = {n}, .paths = {"d"}}) == Names{"n", "b", "a"});
  CHECK(subjects({.start = {n}, .paths = {"d/x"}}) == Names{"n", "b", "a"});
  CHECK(subjects({.start = {n}, .paths = {"y"}}) == Names{"c", "a"});
  CHECK(subjects({.start = {n}, .paths = {"*x"}}) == Names{"n", "b", "a"});
  CHECK(subjects({.start = {n}, .paths = {"y"}, .first_parent = true}) == Names{"m", "a"});
  CHECK(subjects({.start = {n}, .paths = {"absent"}}).empty());
}

TEST_CASE_FIXTURE(LogFixture, "a visitor that has seen enough ends the walk") {
  const ObjectId a = commit({.message = "a", .time = 1});
  const ObjectId b = commit({.parents = {a}, .message = "b", .time = 2});
  int visits = 0;
  log(workspace(), {.start = {b}}, [&](const ObjectId&, const Commit&) { return ++visits < 1; });
  CHECK(visits == 1);
}
