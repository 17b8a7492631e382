#include "ops/tree_changes.h"

#include <doctest/doctest.h>

#include "unit/ops/ops_fixture.h"

using namespace store;
using namespace store::test;

namespace {

std::vector<std::string> changes(OpsFixture& fixture, const FixtureTree& before, const FixtureTree& after,
                                 const std::vector<Pathspec>& paths = {}) {
  const ObjectId old_tree = fixture.put_tree(before);
  const ObjectId new_tree = fixture.put_tree(after);
  fixture.reopen();
  std::vector<std::string> lines;
  list_changes(fixture.workspace(), old_tree, new_tree, paths, [&](const ListedChange& change) {
    std::string line = std::string(name_of(change.change)) + " ";
    if (!change.from.empty()) line += change.from + " > ";
    lines.push_back(line + change.path);
  });
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a moved file is a rename, and the same name is preferred") {
  OpsFixture fixture;
  CHECK(changes(fixture, {{"a/x", file_of("1")}, {"a/y", file_of("1")}}, {{"b/y", file_of("1")}, {"z", file_of("1")}}) ==
        Lines{"renamed a/y > b/y", "renamed a/x > z"});
}

TEST_CASE("links are renamed like files, empty files and copies are not, nor a link that becomes a file") {
  OpsFixture fixture;
  CHECK(changes(fixture, {{"a", file_of("")}, {"l", link_to("t")}}, {{"b", file_of("")}, {"m", link_to("t")}}) ==
        Lines{"deleted a", "added b", "renamed l > m"});
  CHECK(changes(fixture, {{"l", link_to("t")}}, {{"m", file_of("t")}}) == Lines{"deleted l", "added m"});
  CHECK(changes(fixture, {{"a", file_of("1")}}, {{"a", file_of("1")}, {"b", file_of("1")}}) == Lines{"added b"});
}

TEST_CASE("half a rename that paths leave out is an addition or a deletion") {
  OpsFixture fixture;
  const FixtureTree before{{"a", file_of("1")}};
  const FixtureTree after{{"b", file_of("1")}};
  CHECK(changes(fixture, before, after, {"a"}) == Lines{"deleted a"});
  CHECK(changes(fixture, before, after, {"b"}) == Lines{"added b"});
}

TEST_CASE("directories are listed only when they are empty or their mode changed") {
  OpsFixture fixture;
  CHECK(changes(fixture, {{"gone", directory_of()}, {"kept/f", file_of("1")}, {"m", directory_of(0755)}},
                {{"kept/f", file_of("2")}, {"m", directory_of(0700)}, {"new", directory_of()}, {"full/g", file_of("2")}}) ==
        Lines{"added full/g", "deleted gone", "modified kept/f", "modified m", "added new"});
}

TEST_CASE("a directory that became a file is its content deleted and the file added") {
  OpsFixture fixture;
  CHECK(changes(fixture, {{"d/f", file_of("1")}}, {{"d", file_of("2")}}) == Lines{"added d", "deleted d/f"});
  CHECK(changes(fixture, {{"d", file_of("2")}}, {{"d/f", file_of("1")}}) == Lines{"deleted d", "added d/f"});
  CHECK(changes(fixture, {{"d", file_of("2")}}, {{"d", link_to("x")}}) == Lines{"typechange d"});
}

TEST_CASE("changed bytes are 0 for a mode and a rename, else what the chunks say") {
  OpsFixture fixture;
  const ObjectId before = fixture.put_tree({{"gone", file_of("123")}, {"mode", file_of("x", 0644)}, {"text", file_of("12345")}});
  const ObjectId after = fixture.put_tree({{"mode", file_of("x", 0755)}, {"new", file_of("1234")}, {"text", file_of("1")}});
  std::vector<std::uint64_t> bytes;
  list_changes(fixture.workspace(), before, after, {},
               [&](const ListedChange& change) { bytes.push_back(changed_bytes(fixture.objects(), change)); });
  CHECK(bytes == std::vector<std::uint64_t>{3, 0, 4, 5});
}
