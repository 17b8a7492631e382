#include "ops/merge_tree.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ops/checkout_plan.h"
#include "ops/merge_state.h"
#include "unit/ops/ops_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// Counts what is read.
class CountingReader : public ObjectReader {
 public:
  explicit CountingReader(ObjectStore& objects) : objects_(objects) {}
  std::optional<ObjectLocation> find(const ObjectKey& key) const override { return objects_.find(key); }
  std::shared_ptr<const DecodedBlock> read_block(const ObjectKey& key, ObjectLocation& location) const override {
    ++reads;
    if (key.type == ObjectType::chunk || key.type == ObjectType::recipe) ++content;
    return objects_.read_block(key, location);
  }
  mutable int reads = 0;
  mutable int content = 0;

 private:
  ObjectStore& objects_;
};

struct MergeTreeFixture : OpsFixture {
  struct Outcome {
    ObjectId tree;
    std::string conflicts;
  };
  Outcome merge(const FixtureTree& base, const FixtureTree& ours, const FixtureTree& theirs) {
    const MergeInputs inputs{.base = put_tree(base), .ours = put_tree(ours), .theirs = put_tree(theirs),
                             .our_label = "main", .their_label = "a/b"};
    const TreeMerge merged = merge_trees(objects(), nullptr, inputs);
    Outcome outcome{merged.tree, {}};
    for (const ConflictRecord& one : merged.conflicts)
      outcome.conflicts += fmt::format("{}{} {}{}", outcome.conflicts.empty() ? "" : ", ", letters_of(one.conflict), one.path,
                                       one.beside.empty() ? "" : " beside " + one.beside);
    return outcome;
  }
};

}  // namespace

TEST_CASE_FIXTURE(MergeTreeFixture, "changes of different paths come together, also in one directory") {
  const auto merged = merge({{"d/a", file_of("1")}, {"d/b", file_of("1")}, {"e", file_of("1")}, {"gone", file_of("1")}},
                            {{"d/a", file_of("2")}, {"d/b", file_of("1")}, {"e", file_of("1", 0755)}, {"gone", file_of("1")}},
                            {{"d/a", file_of("1")}, {"d/b", file_of("2")}, {"d/new", file_of("n")}, {"e", file_of("2")}});
  CHECK(merged.conflicts.empty());
  CHECK(merged.tree == put_tree({{"d/a", file_of("2")}, {"d/b", file_of("2")}, {"d/new", file_of("n")}, {"e", file_of("2", 0755)}}));
}

TEST_CASE_FIXTURE(MergeTreeFixture, "conflicts keep ours, or what was modified, and name the place of the other version") {
  const auto merged = merge({{"both", file_of("1")}, {"du", file_of("1")}, {"ud", file_of("1")}},
                            {{"add", file_of("o")}, {"both", file_of("2")}, {"ud", file_of("2")}},
                            {{"add", file_of("t")}, {"both", file_of("3")}, {"du", file_of("3")}});
  CHECK(merged.conflicts == "AA add beside add~a_b, UU both beside both~a_b, DU du, UD ud");
  CHECK(merged.tree == put_tree({{"add", file_of("o")}, {"both", file_of("2")}, {"du", file_of("3")}, {"ud", file_of("2")}}));
}

TEST_CASE_FIXTURE(MergeTreeFixture, "a file makes room for a directory, under a name that is free") {
  const auto theirs_moves = merge({}, {{"x/f", file_of("f")}, {"x-", file_of("-")}, {"x~a_b", file_of("taken")}, {"y", file_of("y")}},
                                  {{"x", file_of("file")}});
  CHECK(theirs_moves.conflicts == "AA x beside x~a_b_0");
  CHECK(theirs_moves.tree == put_tree({{"x/f", file_of("f")}, {"x-", file_of("-")}, {"x~a_b", file_of("taken")},
                                       {"x~a_b_0", file_of("file")}, {"y", file_of("y")}}));
  const auto ours_moves = merge({{"x", file_of("1")}}, {{"x", file_of("2")}}, {{"x/f", file_of("f")}});
  CHECK(ours_moves.conflicts == "AA x beside x~main");
  CHECK(ours_moves.tree == put_tree({{"x/f", file_of("f")}, {"x~main", file_of("2")}}));
  const std::string longest(255, 'n');
  const auto cut = merge({}, {{longest + "/f", file_of("f")}}, {{longest, file_of("file")}});
  CHECK(cut.conflicts == "AA " + longest + " beside " + longest.substr(0, 251) + "~a_b");
}

TEST_CASE_FIXTURE(MergeTreeFixture, "a directory that one side removed stays exactly if the other side has something new in it") {
  const FixtureTree base{{"d/a", file_of("1")}, {"d/b", file_of("1")}, {"z", file_of("1")}};
  const FixtureTree removed{{"z", file_of("1")}};
  CHECK(merge(base, removed, base).tree == put_tree(removed));
  const auto modified = merge(base, removed, {{"d/a", file_of("2")}, {"d/b", file_of("1")}, {"z", file_of("1")}});
  CHECK(modified.conflicts == "DU d/a");
  CHECK(modified.tree == put_tree({{"d/a", file_of("2")}, {"z", file_of("1")}}));
  const auto added = merge(base, {{"d/a", file_of("1")}, {"d/b", file_of("1")}, {"d/c", file_of("1")}, {"z", file_of("1")}}, removed);
  CHECK(added.conflicts.empty());
  CHECK(added.tree == put_tree({{"d/c", file_of("1")}, {"z", file_of("1")}}));
  // A file in its place, and only deletions on the other side.
  const auto file = merge(base, {{"d", file_of("f")}, {"z", file_of("1")}}, {{"d/a", file_of("1")}, {"z", file_of("1")}});
  CHECK(file.conflicts.empty());
  CHECK(file.tree == put_tree({{"d", file_of("f")}, {"z", file_of("1")}}));
  const auto both = merge(base, {{"d", file_of("f")}, {"z", file_of("1")}}, {{"d/a", file_of("2")}, {"z", file_of("1")}});
  CHECK(both.conflicts == "AA d beside d~main, DU d/a");
}

TEST_CASE_FIXTURE(MergeTreeFixture, "empty directories and modes of directories are merged like files") {
  const auto merged = merge({{"a", directory_of()}, {"b", directory_of()}, {"c/x", file_of("1")}, {"c", directory_of()}},
                            {{"a", directory_of(0700)}, {"c/x", file_of("2")}, {"c", directory_of()}, {"new", directory_of()}},
                            {{"a", directory_of()}, {"b", directory_of()}, {"c/x", file_of("1")}, {"c", directory_of(0711)}});
  CHECK(merged.conflicts.empty());
  CHECK(merged.tree == put_tree({{"a", directory_of(0700)}, {"c/x", file_of("2")}, {"c", directory_of(0711)}, {"new", directory_of()}}));
}

TEST_CASE_FIXTURE(MergeTreeFixture, "equal subtrees are not entered, and no content is read") {
  FixtureTree base;
  for (int d = 0; d < 40; ++d)
    for (int f = 0; f < 50; ++f) base[fmt::format("{:02}/{:02}", d, f)] = file_of(fmt::format("{} {}", d, f));
  FixtureTree ours = base, theirs = base, both = base;
  ours["03/07"] = both["03/07"] = file_of("ours");
  theirs["30/01"] = both["30/01"] = file_of("theirs");
  const MergeInputs inputs{.base = put_tree(base), .ours = put_tree(ours), .theirs = put_tree(theirs), .our_label = "o", .their_label = "t"};
  const ObjectId expected = put_tree(both);
  const CountingReader reader(objects());
  CHECK(merge_trees(reader, nullptr, inputs).tree == expected);
  CHECK(reader.content == 0);
  CHECK(reader.reads <= 12);
}

TEST_CASE_FIXTURE(MergeTreeFixture, "a hostile chain of directories ends in an error, not in a crash") {
  FixtureTree deep;
  std::string path = "a";
  for (int i = 0; i < 200; ++i) path += "/a";
  FixtureTree ours{{path, file_of("o")}}, theirs{{path, file_of("t")}};
  CHECK(merge({{path, file_of("b")}}, ours, theirs).conflicts.starts_with("UU a/a/a"));
}
