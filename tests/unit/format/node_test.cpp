#include "format/node.h"

#include <doctest/doctest.h>

#include <set>

#include "base/error.h"
#include "format/attributes.h"
#include "unit/format/naive_merkle.h"
#include "unit/format/random_records.h"

using namespace store;
using namespace store::testing;

namespace {

std::vector<NaiveEntry> any_list(ObjectType type, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<NaiveEntry> list;
  std::set<std::string> names;
  if (type != ObjectType::recipe) names = any_names(random, count);
  auto name = names.begin();
  for (std::size_t i = 0; i < count; ++i) {
    if (type == ObjectType::recipe) {
      const RecipeEntry entry = any_recipe_entry(random, i % 3 == 1);
      list.push_back({encode_recipe_entry(entry), 1, entry.length, {}});
    } else if (type == ObjectType::tree) {
      const TreeEntry entry = any_tree_entry(random, *name++);
      list.push_back({encode_tree_entry(entry), 1, entry.content_bytes(), entry.name});
    } else {
      list.push_back({encode_attributes(any_attributes(random)), 1, 0, *name++});
    }
  }
  return list;
}

struct Collected {
  NodeBuilder::Root root;
  std::map<ObjectId, Bytes> nodes;
};

Collected build(ObjectType type, const std::vector<NaiveEntry>& list) {
  Collected result;
  NodeBuilder builder(type, [&](const NodeBuilder::Built& built) {
    CHECK(encode_node(built.node) == Bytes(built.bytes.begin(), built.bytes.end()));
    if (built.node.level > 0)  // children before parents
      for (const ByteView entry : built.node.entries)
        CHECK(result.nodes.contains(decode_upper_entry(type, entry).id));
    result.nodes[built.id] = Bytes(built.bytes.begin(), built.bytes.end());
  });
  for (const NaiveEntry& entry : list) builder.add(entry.encoded, entry.bytes, entry.name);
  result.root = builder.finish();
  return result;
}

constexpr ObjectType k_list_types[] = {ObjectType::recipe, ObjectType::tree, ObjectType::attributes};

/// Names whose cut hash at level 0 is below the threshold (or not), ascending.
std::vector<std::string> names_that_cut(bool cut, std::size_t count) {
  std::vector<std::string> names;
  for (std::uint64_t i = 0; names.size() < count; ++i) {
    const std::string name = fmt::format("{:016}", i);
    if (naive_cut(ObjectType::tree, 0, {{}, 1, 0, name}, k_node_min_entries) == cut) names.push_back(name);
  }
  return names;
}

}  // namespace

TEST_CASE("the Merkle tree hash is RFC 9162's, for every number of leaves around powers of two") {
  for (std::size_t n = 0; n <= 2 * k_node_min_entries * 4 + 1; ++n) {
    std::vector<Bytes> entries;
    std::vector<ObjectId> leaves;
    for (std::size_t i = 0; i < n; ++i) {
      entries.push_back(random_bytes(i % 70, i));
      leaves.push_back(mth_leaf(entries.back()));
    }
    CHECK_MESSAGE(mth_root(leaves) == naive_mth(entries), n);
  }
}

TEST_CASE("the Merkle tree hash gives the published roots of Certificate Transparency's eight leaves") {
  const char* const inputs[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                "606162636465666768696a6b6c6d6e6f"};
  std::vector<ObjectId> leaves;
  for (const char* input : inputs) leaves.push_back(mth_leaf(*from_hex(input)));
  CHECK(mth_root(std::span(leaves).first(1)).hex() ==
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  CHECK(mth_root(std::span(leaves).first(2)).hex() ==
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
  CHECK(mth_root(std::span(leaves).first(3)).hex() ==
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
  CHECK(mth_root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST_CASE("the builder makes exactly the nodes that the rules make of the whole list") {
  for (const ObjectType type : k_list_types)
    for (const std::size_t count : {0u, 1u, 2u, k_node_min_entries - 1, k_node_min_entries, k_node_min_entries + 1,
                                    k_node_max_entries - 1, k_node_max_entries, k_node_max_entries + 1, 3000u, 20000u}) {
      const std::vector<NaiveEntry> list = any_list(type, count, count);
      const NaiveObject expected = naive_object(type, list);
      const Collected built = build(type, list);
      CAPTURE(name_of(type));
      CAPTURE(count);
      CHECK(built.root.id == expected.root);
      CHECK(built.root.count == expected.count);
      CHECK(built.root.bytes == expected.bytes);
      CHECK(built.nodes == expected.nodes);
    }
}

TEST_CASE("names chosen to always cut or never cut keep nodes between the minimum and the maximum") {
  for (const bool cut : {true, false}) {
    const std::uint32_t size = cut ? k_node_min_entries : k_node_max_entries;
    std::vector<NaiveEntry> list;
    for (const std::string& name : names_that_cut(cut, 2 * size + 1)) {
      const TreeEntry entry{.kind = EntryKind::fifo, .mode = 0644, .size = 0, .name = name, .id = {}};
      list.push_back({encode_tree_entry(entry), 1, 0, name});
    }
    const NaiveObject expected = naive_object(ObjectType::tree, list);
    const Collected built = build(ObjectType::tree, list);
    CHECK(built.nodes == expected.nodes);
    std::multiset<std::size_t> sizes;
    for (const auto& [id, bytes] : built.nodes) sizes.insert(decode_node(ObjectType::tree, bytes).entries.size());
    CHECK(sizes == std::multiset<std::size_t>{1, 3, size, size});
  }
}

TEST_CASE("there is never a level above a single node, also when it was closed by its last entry") {
  std::vector<NaiveEntry> list;
  for (const std::string& name : names_that_cut(true, k_node_min_entries)) {
    const TreeEntry entry{.kind = EntryKind::fifo, .mode = 0, .size = 0, .name = name, .id = {}};
    list.push_back({encode_tree_entry(entry), 1, 0, name});
  }
  CHECK(build(ObjectType::tree, list).nodes.size() == 1);
}

TEST_CASE("an empty list is one node without entries") {
  for (const ObjectType type : k_list_types) {
    const Collected built = build(type, {});
    REQUIRE(built.nodes.size() == 1);
    CHECK(decode_node(type, built.nodes.at(built.root.id)).entries.empty());
  }
}

TEST_CASE("attributes are cut where their tree is cut") {
  const std::vector<NaiveEntry> tree = any_list(ObjectType::tree, 5000, 1);
  std::vector<NaiveEntry> attributes = any_list(ObjectType::attributes, tree.size(), 2);
  for (std::size_t i = 0; i < tree.size(); ++i) attributes[i].name = tree[i].name;
  const auto shape = [](ObjectType type, const std::vector<NaiveEntry>& list) {
    std::vector<std::pair<int, std::size_t>> nodes;
    NodeBuilder builder(type, [&](const NodeBuilder::Built& built) {
      nodes.emplace_back(built.node.level, built.node.entries.size());
    });
    for (const NaiveEntry& entry : list) builder.add(entry.encoded, entry.bytes, entry.name);
    builder.finish();
    return nodes;
  };
  CHECK(shape(ObjectType::tree, tree) == shape(ObjectType::attributes, attributes));
}

TEST_CASE("changed content of one name makes one new node a level") {
  std::vector<NaiveEntry> list = any_list(ObjectType::tree, 20000, 7);
  const NaiveObject before = naive_object(ObjectType::tree, list);
  TreeEntry entry = decode_tree_entry(list[10000].encoded);
  entry.kind = EntryKind::large_file;
  entry.mode = 0600;
  entry.size = 1;
  entry.id = sha256(as_bytes("other"));
  list[10000] = {encode_tree_entry(entry), 1, 1, entry.name};
  std::size_t fresh = 0;
  for (const auto& [id, bytes] : build(ObjectType::tree, list).nodes) fresh += before.nodes.contains(id) ? 0 : 1;
  CHECK(fresh == static_cast<std::size_t>(before.levels));
}

TEST_CASE("a recipe that takes over its first finished nodes has the id of the whole") {
  const std::vector<NaiveEntry> list = any_list(ObjectType::recipe, 5000, 3);
  struct Leaf {
    ObjectId id;
    std::uint64_t count, bytes;
  };
  std::vector<Leaf> leaves;
  NodeBuilder whole(ObjectType::recipe, [&](const NodeBuilder::Built& built) {
    if (built.node.level == 0) leaves.push_back({built.id, built.node.count, built.node.bytes});
  });
  for (const NaiveEntry& entry : list) whole.add(entry.encoded, entry.bytes);
  const NodeBuilder::Root root = whole.finish();
  for (const std::size_t taken : {std::size_t{0}, std::size_t{1}, leaves.size() / 2, leaves.size()}) {
    NodeBuilder resumed(ObjectType::recipe, [](const NodeBuilder::Built&) {});
    std::size_t next = 0;
    for (std::size_t i = 0; i < taken; ++i) {
      resumed.add_existing(leaves[i].id, leaves[i].count, leaves[i].bytes);
      next += static_cast<std::size_t>(leaves[i].count);
    }
    for (; next < list.size(); ++next) resumed.add(list[next].encoded, list[next].bytes);
    CHECK(resumed.finish().id == root.id);
  }
}

TEST_CASE("an existing node is refused in the middle of a node") {
  NodeBuilder builder(ObjectType::recipe, [](const NodeBuilder::Built&) {});
  builder.add(any_list(ObjectType::recipe, 1, 1)[0].encoded, 1);
  CHECK_THROWS_AS(builder.add_existing(sha256(as_bytes("x")), 16, 16), Error);
}

TEST_CASE("a builder may be used again after finish") {
  NodeBuilder builder(ObjectType::tree, [](const NodeBuilder::Built&) {});
  const NodeBuilder::Root empty = builder.finish();
  const std::vector<NaiveEntry> list = any_list(ObjectType::tree, 700, 5);
  for (int round = 0; round < 2; ++round) {
    for (const NaiveEntry& entry : list) builder.add(entry.encoded, entry.bytes, entry.name);
    CHECK(builder.finish().id == naive_object(ObjectType::tree, list).root);
  }
  CHECK(builder.finish().id == empty.id);
}

TEST_CASE("directory sizes saturate instead of overflowing") {
  CHECK(saturating_add(k_max_content_bytes, 1) == k_max_content_bytes);
  CHECK(saturating_add(k_max_content_bytes - 1, 1) == k_max_content_bytes);
  CHECK(saturating_add(~0ULL, ~0ULL) == k_max_content_bytes);
  TreeBuilder builder([](const NodeBuilder::Built& built) {
    CHECK(decode_node(ObjectType::tree, built.bytes).bytes == k_max_content_bytes);
  });
  for (const char* name : {"a", "b", "c"})
    builder.add({.kind = EntryKind::large_file, .mode = 0, .size = k_max_content_bytes, .name = name,
                 .id = sha256(as_bytes("x"))});
  CHECK(builder.finish().bytes == k_max_content_bytes);
}

TEST_CASE("a tree refuses names that do not ascend") {
  TreeBuilder builder([](const NodeBuilder::Built&) {});
  builder.add({.kind = EntryKind::fifo, .mode = 0, .size = 0, .name = "b", .id = {}});
  CHECK_THROWS_AS(builder.add({.kind = EntryKind::fifo, .mode = 0, .size = 0, .name = "b", .id = {}}), Error);
  CHECK_THROWS_AS(builder.add({.kind = EntryKind::fifo, .mode = 0, .size = 0, .name = "a", .id = {}}), Error);
}

TEST_CASE("a recipe merges neighbouring zeros into one entry") {
  std::vector<RecipeEntry> entries;
  RecipeBuilder builder([&](const NodeBuilder::Built& built) {
    for (const ByteView entry : built.node.entries) entries.push_back(decode_recipe_entry(entry));
  });
  const ObjectId id = sha256(as_bytes("x"));
  builder.add_zeros(1);
  builder.add_zeros(2);
  builder.add_chunk(id, 4);
  builder.add_zeros(8);
  builder.add_zeros(16);
  const NodeBuilder::Root root = builder.finish();
  CHECK(root.bytes == 31);
  CHECK(root.count == 3);
  CHECK(entries == std::vector<RecipeEntry>{{RecipeKind::zeros, 3, {}}, {RecipeKind::chunk, 4, id},
                                            {RecipeKind::zeros, 24, {}}});
}

TEST_CASE("a reader refuses a child that differs from its parent's entry") {
  const std::vector<NaiveEntry> list = any_list(ObjectType::tree, 2 * k_node_max_entries, 9);
  const Collected built = build(ObjectType::tree, list);
  const Node root = decode_checked_node({ObjectType::tree, built.root.id}, built.nodes.at(built.root.id));
  REQUIRE(root.level == 1);
  const UpperEntry entry = decode_upper_entry(ObjectType::tree, root.entries[1]);
  const Node child = decode_checked_node({ObjectType::tree, entry.id}, built.nodes.at(entry.id));
  CHECK_NOTHROW(check_child(root, entry, child));
  UpperEntry other = entry;
  ++other.count;
  CHECK_THROWS_AS(check_child(root, other, child), Error);
  other = entry;
  ++other.bytes;
  CHECK_THROWS_AS(check_child(root, other, child), Error);
  other = entry;
  other.name += 'x';
  CHECK_THROWS_AS(check_child(root, other, child), Error);
  CHECK_THROWS_AS(check_child(root, entry, root), Error);
  CHECK_THROWS_AS(decode_checked_node({ObjectType::tree, built.root.id}, built.nodes.at(entry.id)), Error);
}

TEST_CASE("successive leaves must ascend and must not part a run of zeros") {
  const auto leaf = [](ObjectType type, std::vector<Bytes>& store, std::uint64_t bytes) {
    Node node{.type = type, .level = 0, .count = store.size(), .bytes = bytes, .entries = {}};
    for (const Bytes& entry : store) node.entries.push_back(entry);
    return node;
  };
  const auto fifo = [](std::string name) {
    return encode_tree_entry({.kind = EntryKind::fifo, .mode = 0, .size = 0, .name = std::move(name), .id = {}});
  };
  std::vector<Bytes> first{fifo("a"), fifo("b")}, same{fifo("b")}, later{fifo("c")};
  LeafSequence names(ObjectType::tree);
  names.check(leaf(ObjectType::tree, first, 0));
  CHECK_THROWS_AS(names.check(leaf(ObjectType::tree, same, 0)), Error);
  CHECK_NOTHROW(names.check(leaf(ObjectType::tree, later, 0)));

  std::vector<Bytes> zeros{encode_recipe_entry({RecipeKind::zeros, 5, {}})};
  std::vector<Bytes> chunk{encode_recipe_entry({RecipeKind::chunk, 5, sha256(as_bytes("x"))})};
  LeafSequence runs(ObjectType::recipe);
  runs.check(leaf(ObjectType::recipe, zeros, 5));
  CHECK_NOTHROW(runs.check(leaf(ObjectType::recipe, chunk, 5)));
  CHECK_NOTHROW(runs.check(leaf(ObjectType::recipe, zeros, 5)));
  CHECK_THROWS_AS(runs.check(leaf(ObjectType::recipe, zeros, 5)), Error);
}

TEST_CASE("the same bytes read as nodes of two types have two ids") {
  const Node tree{.type = ObjectType::tree, .level = 0, .count = 0, .bytes = 0, .entries = {}};
  Node recipe = tree;
  recipe.type = ObjectType::recipe;
  CHECK(node_id(tree) != node_id(recipe));
  CHECK_THROWS_AS(decode_node(ObjectType::recipe, encode_node(tree)), Error);
}

TEST_CASE("hostile names, kinds and sizes end in the tree decoder") {
  const TreeEntry good{.kind = EntryKind::file, .mode = 0644, .size = 3, .name = "name", .id = sha256(as_bytes("abc"))};
  const Bytes encoded = encode_tree_entry(good);
  constexpr std::size_t k_name_at = 1 + 2 + 8 + 1;
  const auto with = [&](std::size_t at, std::string_view bytes) {
    Bytes changed = encoded;
    std::memcpy(changed.data() + at, bytes.data(), bytes.size());
    return changed;
  };
  CHECK(decode_tree_entry(encoded) == good);
  CHECK_THROWS_AS(decode_tree_entry(with(k_name_at, "a/bc")), Error);
  CHECK_THROWS_AS(decode_tree_entry(with(k_name_at, std::string_view("a\0bc", 4))), Error);
  CHECK_THROWS_AS(decode_tree_entry(with(0, "\x08")), Error);
  CHECK_THROWS_AS(decode_tree_entry(with(0, "\x05")), Error);          // a fifo with an id
  CHECK_THROWS_AS(decode_tree_entry(with(0, "\x04")), Error);          // a symlink of mode 0644
  CHECK_THROWS_AS(decode_tree_entry(with(1, "\x10")), Error);          // mode 010644
  CHECK_THROWS_AS(decode_tree_entry(with(3, "\x80")), Error);          // size over 2^63-1
  CHECK_THROWS_AS(decode_tree_entry(with(10, std::string_view("\0", 1))), Error);  // size 0 with another id
  TreeEntry empty = good;
  empty.size = 0;
  CHECK_THROWS_AS(encode_tree_entry(empty), Error);
  empty.id = k_empty_chunk_id;
  CHECK(decode_tree_entry(encode_tree_entry(empty)) == empty);
  CHECK_FALSE(object_of(empty.kind, empty.size, empty.id).has_value());
}
