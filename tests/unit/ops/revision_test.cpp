#include "ops/revision.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "unit/ops/ops_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// main: one - two - three, and a side branch on two.
struct History : OpsFixture {
  ObjectId one = commit({.tree = {{"a/b", file_of("1")}}, .message = "one", .time = 1});
  ObjectId two = commit({.tree = {{"a/b", file_of("2")}}, .parents = {one}, .message = "two", .time = 2});
  ObjectId three = commit({.tree = {{"a/b", file_of("3")}}, .parents = {two}, .message = "three", .time = 3});
  ObjectId side = commit({.tree = {{"s", file_of("s")}}, .parents = {two}, .message = "side", .time = 4});
  ObjectId merged = commit({.tree = {{"m", file_of("m")}}, .parents = {three, side}, .message = "merge", .time = 5});
  History() {
    set_ref("refs/heads/main", three);
    set_ref("refs/heads/merged", merged);
    set_ref("refs/tags/v1", one);
  }
  ObjectId resolve(const std::string& text) { return resolve_revision(workspace(), text).commit; }
  ErrorKind failure(const std::string& text) {
    return kind_of([&] { resolve_revision(workspace(), text); });
  }
};

}  // namespace

TEST_CASE("HEAD, @, branches, tags and exact ref names are revisions") {
  History history;
  CHECK(history.resolve("HEAD") == history.three);
  CHECK(history.resolve("@") == history.three);
  CHECK(resolve_revision(history.workspace(), "HEAD").branch == "refs/heads/main");
  CHECK(resolve_revision(history.workspace(), "main").branch == "refs/heads/main");
  CHECK(history.resolve("refs/heads/merged") == history.merged);
  CHECK(history.resolve("v1") == history.one);
  CHECK(resolve_revision(history.workspace(), "v1").branch.empty());
  CHECK(history.resolve("refs/tags/v1") == history.one);
  CHECK(history.failure("refs/heads/v1") == ErrorKind::not_found);
}

TEST_CASE("suffixes follow parents") {
  History history;
  CHECK(history.resolve("main^") == history.two);
  CHECK(history.resolve("main~") == history.two);
  CHECK(history.resolve("main~0") == history.three);
  CHECK(history.resolve("main~2") == history.one);
  CHECK(history.resolve("main^^") == history.one);
  CHECK(history.resolve("@~1^") == history.one);
  CHECK(history.resolve("merged^2") == history.side);
  CHECK(history.resolve("merged^2~1") == history.two);
  CHECK(history.resolve("merged^0") == history.merged);
  CHECK(history.failure("main~3") == ErrorKind::not_found);
  CHECK(history.failure("main~99999999999999999999999") == ErrorKind::not_found);
  CHECK(history.failure("main^2") == ErrorKind::not_found);
  CHECK(history.failure("main^x") == ErrorKind::usage);
  CHECK(resolve_revision(history.workspace(), "main~0").branch.empty());
}

TEST_CASE("a prefix of an id is a revision if only one commit has it") {
  History history;
  CHECK(history.resolve(history.one.hex()) == history.one);
  CHECK(history.resolve(history.two.short_hex(12)) == history.two);
  CHECK(history.resolve(history.two.short_hex(12) + "^") == history.one);
  CHECK(history.failure(history.two.short_hex(3)) == ErrorKind::not_found);
  const Commit commit = read_commit(history.objects(), history.one);
  CHECK(history.failure(commit.tree.hex()) == ErrorKind::not_found);
}

TEST_CASE("an ambiguous prefix names the candidates") {
  OpsFixture fixture;
  // Of a few hundred ids two share their first 4 digits.
  std::map<std::string, ObjectId> seen;
  std::optional<std::pair<ObjectId, ObjectId>> twins;
  std::vector<std::pair<ObjectKey, Bytes>> commits;
  const ObjectId tree = fixture.put_tree({});
  for (std::int64_t time = 0; !twins; ++time) {
    Commit commit;
    commit.tree = tree;
    commit.author = {"a", "b"};
    commit.time = {time, 0};
    const std::string text = encode_commit(commit);
    const ObjectId id = commit_id(text);
    commits.push_back({{ObjectType::commit, id}, Bytes(as_bytes(text).begin(), as_bytes(text).end())});
    const auto [found, added] = seen.emplace(id.short_hex(4), id);
    if (!added) twins.emplace(found->second, id);
  }
  fixture.put_objects(commits);
  try {
    resolve_revision(fixture.workspace(), twins->first.short_hex(4));
    FAIL("resolved");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::ambiguous);
    std::vector<std::string> expected{twins->first.hex(), twins->second.hex()};
    std::sort(expected.begin(), expected.end());
    CHECK(error.candidates() == expected);
  }
}

TEST_CASE("a branch beats a tag of the same name, with a warning, and both beat an id") {
  History history;
  history.set_ref("refs/heads/v1", history.two);
  CHECK(history.resolve("v1") == history.two);
  REQUIRE(history.warnings.size() == 1);
  CHECK(history.warnings.front().kind == "ambiguous_ref");
  const std::string prefix = history.one.short_hex(8);
  history.set_ref("refs/tags/" + prefix, history.three);
  CHECK(history.resolve(prefix) == history.three);
}

TEST_CASE("an unknown name comes with the nearest one") {
  History history;
  try {
    history.resolve("mian");
    FAIL("resolved");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.candidates() == std::vector<std::string>{"main"});
  }
  CHECK_FALSE(try_resolve_revision(history.workspace(), "mian"));
  CHECK_FALSE(try_resolve_revision(history.workspace(), "../../etc"));
  CHECK(history.failure("") == ErrorKind::usage);
  CHECK(history.failure("main@{1}") == ErrorKind::not_found);
}

TEST_CASE("before the first commit HEAD is not found") {
  OpsFixture fixture;
  CHECK_FALSE(try_resolve_revision(fixture.workspace(), "HEAD"));
  try {
    resolve_revision(fixture.workspace(), "HEAD");
    FAIL("resolved");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message() == "HEAD: there is no commit yet");
  }
}

TEST_CASE("REV:PATH is split at the first colon") {
  CHECK_FALSE(split_revision_path("main").path);
  CHECK(split_revision_path("main:a:b").revision == "main");
  CHECK(split_revision_path("main:a:b").path == "a:b");
  CHECK(split_revision_path(":x").revision.empty());
  CHECK(split_revision_path("main:").path == "");
}

TEST_CASE("a path in a tree is found, or its nearest name is") {
  History history;
  const ObjectId tree = read_commit(history.objects(), history.one).tree;
  CHECK(find_in_tree(history.objects(), tree, "a/b").size == 1);
  CHECK(find_in_tree(history.objects(), tree, "a").kind == EntryKind::directory);
  const TreeEntry root = find_in_tree(history.objects(), tree, "");
  CHECK(root.kind == EntryKind::directory);
  CHECK(root.id == tree);
  CHECK(root.size == 1);
  CHECK(kind_of([&] { find_in_tree(history.objects(), tree, "a/b/c"); }) == ErrorKind::not_found);
  const ObjectId named = history.put_tree({{"folder/readme.txt", file_of("x")}});
  try {
    find_in_tree(history.objects(), named, "folder/redme.txt");
    FAIL("found");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.candidates() == std::vector<std::string>{"folder/readme.txt"});
  }
}
