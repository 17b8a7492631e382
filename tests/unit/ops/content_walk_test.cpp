#include "ops/content_walk.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/error.h"
#include "hash/sha256.h"
#include "ops/tree_reader.h"
#include "unit/ops/ops_fixture.h"

using namespace store;
using namespace store::test;

TEST_CASE("each file counts as often as it stands there, each object is met once") {
  OpsFixture fixture;
  const std::string large = random_text(300'000, 1);
  const ObjectId first = fixture.put_tree({{"a", file_of("12345")}, {"b/a", file_of("12345")}, {"big", file_of(large)}});
  const ObjectId second = fixture.put_tree({{"a", file_of("12345")}, {"c/a", file_of("12345")}, {"big", file_of(large)}});
  std::uint64_t chunk_bytes = 0;
  std::size_t trees = 0;
  ObjectMarks marks(fixture.workspace());
  ContentWalk walk(fixture.workspace(), marks, [&](const ObjectKey& key, std::uint64_t length) {
    chunk_bytes += key.type == ObjectType::chunk ? length : 0;
    trees += key.type == ObjectType::tree;
  });
  const ContentTotals totals = walk.tree(first);
  CHECK(totals.small_files == 2);
  CHECK(totals.small_bytes == 10);
  CHECK(totals.large_files == 1);
  CHECK(totals.large_bytes == large.size());
  CHECK(chunk_bytes == 5 + large.size());
  CHECK(trees == 2);
  CHECK(walk.tree(second).small_files == 2);
  CHECK(chunk_bytes == 5 + large.size());
  CHECK(trees == 3);  // b and c are one object
  CHECK(totals.file_sizes.rows() == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{4, 2}, {262144, 1}});
}

TEST_CASE("a tree that names what is not there is corruption") {
  OpsFixture fixture;
  const Bytes entry = encode_tree_entry({.kind = EntryKind::file, .mode = 0644, .size = 3, .name = "f", .id = sha256(as_bytes("abc"))});
  const Node node{.type = ObjectType::tree, .level = 0, .count = 1, .bytes = 3, .entries = {entry}};
  fixture.put_objects({{{ObjectType::tree, node_id(node)}, encode_node(node)}});
  ObjectMarks marks(fixture.workspace());
  ContentWalk walk(fixture.workspace(), marks, {});
  CHECK(kind_of([&] { walk.tree(node_id(node)); }) == ErrorKind::corrupt);
}

TEST_CASE("a chain of directories that is too deep is corruption") {
  OpsFixture fixture;
  std::vector<std::pair<ObjectKey, Bytes>> objects;
  ObjectId below = TreeBuilder([](const NodeBuilder::Built&) {}).finish().id;
  const Node empty{.type = ObjectType::tree, .level = 0, .count = 0, .bytes = 0, .entries = {}};
  objects.push_back({{ObjectType::tree, below}, encode_node(empty)});
  for (std::size_t depth = 0; depth < k_max_tree_depth + 100; ++depth) {
    const Bytes entry = encode_tree_entry({.kind = EntryKind::directory, .mode = 0755, .size = 0, .name = "d", .id = below});
    const Node node{.type = ObjectType::tree, .level = 0, .count = 1, .bytes = 0, .entries = {entry}};
    below = node_id(node);
    objects.push_back({{ObjectType::tree, below}, encode_node(node)});
  }
  fixture.put_objects(objects);
  ObjectMarks marks(fixture.workspace());
  ContentWalk walk(fixture.workspace(), marks, {});
  CHECK(kind_of([&] { walk.tree(below); }) == ErrorKind::corrupt);
}
