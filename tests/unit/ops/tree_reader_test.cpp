#include "ops/tree_reader.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/error.h"
#include "hash/sha256.h"
#include "unit/ops/ops_fixture.h"

using namespace store;
using namespace store::test;

namespace {

/// Enough names for several levels of nodes.
constexpr int k_many = static_cast<int>(k_node_max_entries) * 4;

FixtureTree many_files() {
  FixtureTree tree;
  for (int i = 0; i < k_many; ++i) tree[fmt::format("name-{:06}", i)] = file_of(fmt::format("{}", i));
  return tree;
}

std::string describe(const TreeChange& change) {
  static constexpr char k_letters[] = {'A', 'M', 'D', 'T'};
  return fmt::format("{} {}", k_letters[static_cast<int>(change.kind)], change.path);
}

std::vector<std::string> differences(const ObjectReader& objects, const std::optional<ObjectId>& before,
                                     const std::optional<ObjectId>& after) {
  std::vector<std::string> lines;
  diff_trees(objects, before, after, [&](const TreeChange& change) { lines.push_back(describe(change)); });
  return lines;
}

/// A reader that counts what is asked for.
class CountingReader final : public ObjectReader {
 public:
  explicit CountingReader(const ObjectReader& next) : next_(next) {}
  std::optional<ObjectLocation> find(const ObjectKey& key) const override {
    ++lookups;
    return next_.find(key);
  }
  std::shared_ptr<const DecodedBlock> read_block(const ObjectKey& key, ObjectLocation& location) const override {
    return next_.read_block(key, location);
  }
  mutable int lookups = 0;

 private:
  const ObjectReader& next_;
};

/// A node that owns what its views point to.
struct OwnedNode {
  std::vector<Bytes> entries;
  Node node;
};

OwnedNode tree_node(std::uint8_t level, std::uint64_t count, std::uint64_t bytes, std::vector<Bytes> entries) {
  OwnedNode owned{std::move(entries), {.type = ObjectType::tree, .level = level, .count = count, .bytes = bytes, .entries = {}}};
  for (const Bytes& entry : owned.entries) owned.node.entries.emplace_back(entry);
  return owned;
}

/// Stores a node and says what a parent has to say of it.
UpperEntry put_node(RepoFixture& fixture, const OwnedNode& owned) {
  const Node& node = owned.node;
  const ObjectId id = node_id(node);
  fixture.put_objects({{{node.type, id}, encode_node(node)}});
  return {.count = node.count, .bytes = node.bytes, .name = std::string(last_name(node)), .id = id};
}

Bytes empty_file(const std::string& name) {
  return encode_tree_entry({.kind = EntryKind::file, .mode = 0644, .size = 0, .name = name, .id = k_empty_chunk_id});
}

}  // namespace

TEST_CASE("a cursor yields every entry of a directory with many nodes in name order") {
  RepoFixture fixture;
  const FixtureTree tree = many_files();
  const ObjectId id = fixture.put_tree(tree);
  TreeCursor cursor(fixture.objects(), id);
  CHECK(cursor.count() == tree.size());
  std::vector<std::string> names;
  std::uint64_t bytes = 0;
  for (; !cursor.at_end(); cursor.next()) {
    names.push_back(cursor.entry().name);
    bytes += cursor.entry().size;
    if (names.size() % 7 == 0) cursor.suspend();
  }
  std::vector<std::string> expected;
  for (const auto& [path, entry] : tree) expected.push_back(path);
  CHECK(names == expected);
  CHECK(bytes == cursor.bytes());
}

TEST_CASE("an empty directory is at its end") {
  RepoFixture fixture;
  const TreeCursor cursor(fixture.objects(), fixture.put_tree({}));
  CHECK(cursor.at_end());
  CHECK(cursor.count() == 0);
}

TEST_CASE("one name is found with one node read a level") {
  RepoFixture fixture;
  const FixtureTree tree = many_files();
  const ObjectId id = fixture.put_tree(tree);
  const CountingReader counting(fixture.objects());
  for (const auto& [path, entry] : tree) {
    counting.lookups = 0;
    const std::optional<TreeEntry> found = find_entry(counting, id, path);
    REQUIRE(found);
    CHECK(found->name == path);
    CHECK(found->id == sha256(as_bytes(entry.content)));
    CHECK(counting.lookups <= 4);
  }
  CHECK_FALSE(find_entry(fixture.objects(), id, "name"));
  CHECK_FALSE(find_entry(fixture.objects(), id, "name-000001x"));
  CHECK_FALSE(find_entry(fixture.objects(), id, "zzz"));
}

TEST_CASE("a walk is in path order and skips what it is told to skip") {
  RepoFixture fixture;
  const ObjectId id = fixture.put_tree({{"a.b", file_of("1")},
                                        {"a/x", file_of("2")},
                                        {"a/y/z", file_of("3")},
                                        {"b/hidden", file_of("4")},
                                        {"c", directory_of()}});
  std::vector<std::string> paths;
  walk_tree(fixture.objects(), id, "top", [&](const std::string& path, const TreeEntry&) {
    paths.push_back(path);
    return path != "top/b";
  });
  CHECK(paths == std::vector<std::string>{"top/a", "top/a/x", "top/a/y", "top/a/y/z", "top/a.b", "top/b", "top/c"});
}

TEST_CASE("directories far below those that stay in memory are walked and compared") {
  RepoFixture fixture;
  std::string path = "d";
  for (int i = 0; i < 100; ++i) path += "/d";
  const auto tree_with = [&](const std::string& content) {
    return fixture.put_tree({{path + "/file", file_of(content)}, {"d/d/z", file_of("z")}, {"e", file_of("e")}});
  };
  const ObjectId one = tree_with("1");
  const ObjectId two = tree_with("2");
  std::vector<std::string> paths;
  walk_tree(fixture.objects(), one, "", [&](const std::string& at, const TreeEntry&) {
    paths.push_back(at);
    return true;
  });
  REQUIRE(paths.size() == 104);
  CHECK(paths[101] == path + "/file");
  CHECK(paths[102] == "d/d/z");
  CHECK(paths[103] == "e");
  CHECK(differences(fixture.objects(), one, two) == std::vector<std::string>{"M " + path + "/file"});
}

TEST_CASE("differences are in path order, with types, modes and whole directories") {
  RepoFixture fixture;
  const ObjectId before = fixture.put_tree({{"deleted", file_of("x")},
                                            {"dir/file", file_of("1")},
                                            {"gone/file", file_of("1")},
                                            {"mode", file_of("m", 0644)},
                                            {"private/file", file_of("p")},
                                            {"same/file", file_of("s")},
                                            {"to-dir", file_of("t")},
                                            {"to-file/inner", file_of("i")}});
  const ObjectId after = fixture.put_tree({{"added", file_of("a")},
                                           {"dir/file", file_of("2")},
                                           {"mode", file_of("m", 0755)},
                                           {"private", directory_of(0700)},
                                           {"private/file", file_of("p")},
                                           {"same/file", file_of("s")},
                                           {"to-dir/inner", file_of("i")},
                                           {"to-file", file_of("t")}});
  CHECK(differences(fixture.objects(), before, after) ==
        std::vector<std::string>{"A added", "D deleted", "M dir/file", "D gone", "D gone/file", "M mode", "M private",
                                 "T to-dir", "A to-dir/inner", "T to-file", "D to-file/inner"});
  CHECK(differences(fixture.objects(), before, before).empty());
  CHECK(differences(fixture.objects(), std::nullopt, after).size() == 11);
  CHECK(differences(fixture.objects(), after, std::nullopt).front() == "D added");
}

TEST_CASE("equal subtrees are never read") {
  RepoFixture fixture;
  FixtureTree tree = many_files();
  for (const auto& [path, entry] : many_files()) tree["big/" + path] = entry;
  tree["changed"] = file_of("1");
  const ObjectId before = fixture.put_tree(tree);
  tree["changed"] = file_of("2");
  const ObjectId after = fixture.put_tree(tree);
  const ObjectId big = find_entry(fixture.objects(), before, "big")->id;
  const CountingReader counting(fixture.objects());
  CHECK(differences(counting, before, after) == std::vector<std::string>{"M changed"});
  counting.lookups = 0;
  differences(counting, std::nullopt, big);
  const int nodes_of_big = counting.lookups;
  counting.lookups = 0;
  differences(counting, before, after);
  CHECK(counting.lookups <= 2 * nodes_of_big + 2);  // both roots' own nodes alone are as many as big's
}

TEST_CASE("of two huge directories that differ in a name or two only the nodes that differ are read") {
  RepoFixture fixture;
  FixtureTree tree;
  for (int i = 0; i < 20'000; ++i) tree[fmt::format("{:06}", i)] = file_of("");
  const ObjectId before = fixture.put_tree(tree);
  tree["010000"] = file_of("changed");
  tree["015000a"] = file_of("new");
  tree.erase("000003");
  tree["019999"] = file_of("last");
  const ObjectId after = fixture.put_tree(tree);
  const CountingReader counting(fixture.objects());
  CHECK(differences(counting, before, after) ==
        std::vector<std::string>{"D 000003", "M 010000", "A 015000a", "M 019999"});
  // 20,000 names are about 160 nodes on each side.
  CHECK(counting.lookups < 40);
}

TEST_CASE("skipping what two directories share loses no difference, wherever it lies") {
  RepoFixture fixture;
  constexpr int k_names = 3000;
  FixtureTree all;
  for (int i = 0; i < k_names; ++i) all[fmt::format("{:05}", i)] = file_of("");
  const ObjectId before = fixture.put_tree(all);
  for (int seed = 0; seed < 20; ++seed) {
    FixtureTree tree = all;
    std::vector<std::string> expected;
    std::uint64_t state = static_cast<std::uint64_t>(seed) * 2654435761u + 1;
    for (int i = 0; i < k_names; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const std::uint64_t dice = (state >> 33) % static_cast<std::uint64_t>(10 + seed * 50);
      const std::string name = fmt::format("{:05}", i);
      if (dice == 0) {
        tree.erase(name);
        expected.push_back("D " + name);
      } else if (dice == 1) {
        tree[name] = file_of("x");
        expected.push_back("M " + name);
      } else if (dice == 2) {
        tree[name + "a"] = file_of("y");
        expected.push_back("A " + name + "a");
      }
    }
    CHECK(differences(fixture.objects(), before, fixture.put_tree(tree)) == expected);
  }
}

TEST_CASE("a recipe cursor starts anywhere and yields the stretches with their offsets") {
  RepoFixture fixture;
  fixture.parameters = ChunkParameters::for_average(k_min_chunk_average);
  fixture.inline_threshold = 0;
  const std::string content = random_text(4u << 20, 1) + std::string(1u << 20, '\0') + random_text(100'000, 2);
  const ObjectId tree = fixture.put_tree({{"f", file_of(content)}});
  const TreeEntry entry = *find_entry(fixture.objects(), tree, "f");
  REQUIRE(entry.kind == EntryKind::large_file);
  std::uint64_t expected = 0;
  std::uint64_t zeros = 0;
  RecipeCursor whole(fixture.objects(), entry.id);
  CHECK(whole.size() == content.size());
  CHECK(whole.count() > k_node_max_entries);
  for (; !whole.at_end(); whole.next()) {
    CHECK(whole.offset() == expected);
    const RecipeEntry stretch = whole.entry();
    if (stretch.kind == RecipeKind::zeros) zeros += stretch.length;
    for (const std::uint64_t inside : {expected, expected + stretch.length - 1}) {
      const RecipeCursor cursor(fixture.objects(), entry.id, inside);
      REQUIRE_FALSE(cursor.at_end());
      CHECK(cursor.offset() == expected);
      CHECK(cursor.entry() == stretch);
    }
    expected += stretch.length;
  }
  CHECK(expected == content.size());
  CHECK(zeros > 0);
  CHECK(RecipeCursor(fixture.objects(), entry.id, content.size()).at_end());
  CHECK(RecipeCursor(fixture.objects(), entry.id, ~0ULL).at_end());
}

TEST_CASE("a child that is not what its parent says is corruption") {
  RepoFixture fixture;
  const std::vector<Bytes> entries{empty_file("a"), empty_file("b")};
  const UpperEntry child = put_node(fixture, tree_node(0, 2, 0, entries));
  const auto walk_under = [&](std::uint8_t level, const UpperEntry& claimed) {
    const std::vector<Bytes> upper{encode_upper_entry(ObjectType::tree, claimed)};
    const ObjectId root = put_node(fixture, tree_node(level, claimed.count, claimed.bytes, upper)).id;
    return kind_of([&] {
      for (TreeCursor cursor(fixture.objects(), root); !cursor.at_end(); cursor.next()) continue;
    });
  };
  CHECK(walk_under(1, child) == ErrorKind::no);
  UpperEntry claimed = child;
  claimed.count = 3;
  CHECK(walk_under(1, claimed) == ErrorKind::corrupt);
  claimed = child;
  claimed.bytes = 1;
  CHECK(walk_under(1, claimed) == ErrorKind::corrupt);
  claimed = child;
  claimed.name = "c";
  CHECK(walk_under(1, claimed) == ErrorKind::corrupt);
  CHECK(walk_under(2, child) == ErrorKind::corrupt);
  claimed = child;
  claimed.id = sha256(as_bytes("nothing"));
  CHECK(walk_under(1, claimed) == ErrorKind::corrupt);
}

TEST_CASE("names that do not ascend from one node to the next are corruption") {
  RepoFixture fixture;
  const UpperEntry first = put_node(fixture, tree_node(0, 2, 0, {empty_file("a"), empty_file("m")}));
  const UpperEntry second = put_node(fixture, tree_node(0, 2, 0, {empty_file("c"), empty_file("z")}));
  const std::vector<Bytes> upper{encode_upper_entry(ObjectType::tree, first),
                                 encode_upper_entry(ObjectType::tree, second)};
  const ObjectId root = put_node(fixture, tree_node(1, 4, 0, upper)).id;
  std::vector<std::string> seen;
  CHECK(kind_of([&] {
          for (TreeCursor cursor(fixture.objects(), root); !cursor.at_end(); cursor.next()) {
            seen.push_back(cursor.entry().name);
            cursor.suspend();
          }
        }) == ErrorKind::corrupt);
  CHECK(seen == std::vector<std::string>{"a", "m"});
}

TEST_CASE("a directory whose entry does not say its size is corruption") {
  RepoFixture fixture;
  const UpperEntry inner = put_node(fixture, tree_node(0, 1, 0, {empty_file("a")}));
  const Bytes entry = encode_tree_entry(
      {.kind = EntryKind::directory, .mode = 0755, .size = 5, .name = "d", .id = inner.id});
  const ObjectId root = put_node(fixture, tree_node(0, 1, 5, {entry})).id;
  const auto visit = [](const std::string&, const TreeEntry&) { return true; };
  CHECK(kind_of([&] { walk_tree(fixture.objects(), root, "", visit); }) == ErrorKind::corrupt);
  CHECK(kind_of([&] { differences(fixture.objects(), std::nullopt, root); }) == ErrorKind::corrupt);
}

TEST_CASE("a chain of directories that never ends is corruption at the depth limit") {
  RepoFixture fixture;
  ObjectId inner = put_node(fixture, tree_node(0, 1, 0, {empty_file("a")})).id;
  std::vector<std::pair<ObjectKey, Bytes>> nodes;
  for (std::size_t depth = 0; depth <= k_max_tree_depth; ++depth) {
    const Bytes entry = encode_tree_entry(
        {.kind = EntryKind::directory, .mode = 0755, .size = 0, .name = "d", .id = inner});
    const OwnedNode owned = tree_node(0, 1, 0, {entry});
    inner = node_id(owned.node);
    nodes.push_back({{ObjectType::tree, inner}, encode_node(owned.node)});
  }
  fixture.put_objects(nodes);
  const auto visit = [](const std::string&, const TreeEntry&) { return true; };
  CHECK(kind_of([&] { walk_tree(fixture.objects(), inner, "", visit); }) == ErrorKind::corrupt);
  CHECK(kind_of([&] { differences(fixture.objects(), inner, std::nullopt); }) == ErrorKind::corrupt);
}

TEST_CASE("a tree that is a file's content is not a tree") {
  RepoFixture fixture;
  const Bytes bytes = encode_node(tree_node(0, 1, 0, {empty_file("a")}).node);
  const ObjectId tree = fixture.put_tree({{"f", file_of(std::string(as_text(bytes)))}});
  const ObjectId chunk = find_entry(fixture.objects(), tree, "f")->id;
  CHECK(kind_of([&] { TreeCursor(fixture.objects(), chunk); }) == ErrorKind::corrupt);
}
