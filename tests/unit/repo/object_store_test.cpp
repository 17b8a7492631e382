#include "repo/object_store.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "format/commit.h"
#include "format/recipe.h"
#include "format/tree.h"
#include "pack_fixture.h"
#include "repo/table_set.h"

namespace store::test {
namespace {

bool equal(const Bytes& read, const Bytes& expected) { return read == expected; }

/// A block of one object of any type.
EncodedBlock block_of_object(const ObjectKey& key, const Bytes& bytes) {
  Compressor compressor;
  RawBlock raw;
  raw.keys = {key};
  raw.lengths = {static_cast<std::uint32_t>(bytes.size())};
  raw.bytes = bytes;
  return encode_block(raw, compressor, {});
}

struct NamedObject {
  ObjectKey key;
  Bytes bytes;
};

/// A tree with one file, a recipe of one chunk, and a commit.
std::vector<NamedObject> some_objects() {
  std::vector<NamedObject> objects;
  const ObjectId content = sha256(as_bytes("content"));
  TreeBuilder tree([&](const NodeBuilder::Built& built) {
    objects.push_back({{ObjectType::tree, built.id}, {built.bytes.begin(), built.bytes.end()}});
  });
  tree.add({.kind = EntryKind::file, .mode = 0644, .size = 7, .name = "file", .id = content});
  const ObjectId tree_id = tree.finish().id;
  RecipeBuilder recipe([&](const NodeBuilder::Built& built) {
    objects.push_back({{ObjectType::recipe, built.id}, {built.bytes.begin(), built.bytes.end()}});
  });
  recipe.add_chunk(content, 7);
  recipe.finish();
  Commit commit;
  commit.tree = tree_id;
  commit.author = {"A", "a@example.org"};
  const std::string text = encode_commit(commit);
  const ByteView view = as_bytes(text);
  objects.push_back({{ObjectType::commit, commit_id(text)}, {view.begin(), view.end()}});
  return objects;
}

/// The bytes whose plain SHA-256 is the object's id.
Bytes preimage_of(const NamedObject& object) {
  Bytes preimage;
  ByteWriter out(preimage);
  if (object.key.type == ObjectType::commit) {
    out.raw(std::string_view("store.commit.v1\0", 16));
    out.raw(ByteView(object.bytes));
    return preimage;
  }
  const Node node = decode_node(object.key.type, object.bytes);
  std::vector<ObjectId> leaves;
  for (const ByteView entry : node.entries) leaves.push_back(mth_leaf(entry));
  out.raw(std::string_view("store.node.v1\0", 14));
  out.u8(static_cast<std::uint8_t>(node.type));
  out.u8(node.level);
  out.u32(static_cast<std::uint32_t>(node.entries.size()));
  out.u64(node.count);
  out.u64(node.bytes);
  out.raw(mth_root(leaves).view());
  return preimage;
}

}  // namespace

TEST_CASE("every object that a pack holds is found by type and id and read back") {
  TestRepository repository;
  const std::vector<Bytes> chunks{prose(100, 1), noise(9000, 2), prose(70'000, 3)};
  std::vector<EncodedBlock> blocks{block_of(chunks)};
  for (const NamedObject& object : some_objects())
    blocks.push_back(block_of_object(object.key, object.bytes));
  const CatalogPack pack = publish_pack(*repository, blocks);
  const ObjectStore objects(*repository, {});
  for (const Bytes& chunk : chunks) {
    CHECK(equal(objects.read(chunk_key(chunk)), chunk));
    CHECK(objects.find(chunk_key(chunk))->pack == pack.id);
    CHECK(objects.known_for_deduplication(chunk_key(chunk)));
  }
  for (const NamedObject& object : some_objects()) CHECK(equal(objects.read(object.key), object.bytes));
}

TEST_CASE("an object that is not there is reported as missing") {
  TestRepository repository;
  const ObjectStore objects(*repository, {});
  const ObjectKey key = chunk_key(as_bytes("nowhere"));
  CHECK_FALSE(objects.find(key));
  CHECK_FALSE(objects.known_for_deduplication(key));
  const auto error = error_of([&] { objects.read(key); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::corrupt);
  CHECK(error->message() == "chunk " + key.id.hex() + ": missing");
}

TEST_CASE("content that is the preimage of a node or commit never answers for it, nor the other way round") {
  TestRepository repository;
  for (const bool content_first : {true, false}) {
    for (const NamedObject& object : some_objects()) {
      TestRepository own;
      const Bytes preimage = preimage_of(object);
      REQUIRE(sha256(preimage) == object.key.id);  // the very same id
      const auto publish = [&](bool content) {
        publish_pack(*own, {content ? block_of({preimage}) : block_of_object(object.key, object.bytes)});
      };
      publish(content_first);
      {
        ObjectStore objects(*own, {});
        CHECK(objects.contains(chunk_key(preimage)) == content_first);
        CHECK(objects.contains(object.key) != content_first);
        CHECK(objects.known_for_deduplication(object.key) != content_first);
        CHECK(objects.find_prefix(object.key.id.hex(), object.key.type, 10).size() ==
              (content_first ? 0 : 1));
      }
      publish(!content_first);
      const ObjectStore objects(*own, {});
      CHECK(equal(objects.read(chunk_key(preimage)), preimage));
      CHECK(equal(objects.read(object.key), object.bytes));
      CHECK(objects.find_prefix(object.key.id.hex(), std::nullopt, 10).size() == 2);
      if (object.key.type == ObjectType::tree)
        CHECK_FALSE(objects.contains({ObjectType::recipe, object.key.id}));
    }
  }
}

TEST_CASE("a damaged block is reported with pack and offset, and other blocks are still read") {
  TestRepository repository;
  const Bytes good = noise(5000, 1);
  const Bytes bad = noise(5000, 2);
  const CatalogPack pack = publish_pack(*repository, {block_of({good}), block_of({bad})});
  const ObjectStore objects(*repository, {});
  const ObjectLocation location = *objects.find(chunk_key(bad));
  flip(repository, layout::pack_path(pack.id), location.block_offset + 1000);
  const auto error = error_of([&] { objects.read(chunk_key(bad)); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::corrupt);
  CHECK(error->message().find(pack.id.short_hex()) != std::string::npos);
  CHECK(error->message().find(fmt::format("offset {}", location.block_offset)) != std::string::npos);
  CHECK(equal(objects.read(chunk_key(good)), good));
}

TEST_CASE("an object whose bytes are not what its id says is never returned") {
  TestRepository repository;
  const Bytes bytes = noise(100, 1);
  const ObjectKey claimed = chunk_key(noise(100, 2));
  publish_pack(*repository, {block_of_object(claimed, bytes)});
  const ObjectStore objects(*repository, {});
  const auto error = error_of([&] { objects.read(claimed); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::corrupt);
}

TEST_CASE("a second copy is read when the first is damaged") {
  TestRepository repository;
  const Bytes shared = noise(3000, 1);
  for (std::uint64_t i = 10; i < 12; ++i) publish_chunks(*repository, {shared, noise(100, i)});
  const ObjectStore objects(*repository, {});
  const ObjectLocation first = *objects.find(chunk_key(shared));
  flip(repository, layout::pack_path(first.pack), first.block_offset + 500);
  CHECK(equal(objects.read(chunk_key(shared)), shared));
  ObjectLocation location = first;
  objects.read_block(chunk_key(shared), location);
  CHECK(location.pack != first.pack);
}

TEST_CASE("damaged and unverified packs answer reads but never deduplication, and last") {
  TestRepository repository;
  const Bytes chunk = noise(300, 1);
  std::uint8_t flags = 0;
  SUBCASE("damaged") { flags = k_pack_damaged; }
  SUBCASE("unverified") { flags = k_pack_unverified; }
  publish_pack(*repository, {block_of({chunk})}, flags);
  ObjectStore objects(*repository, {});
  CHECK(equal(objects.read(chunk_key(chunk)), chunk));
  CHECK_FALSE(objects.known_for_deduplication(chunk_key(chunk)));

  const CatalogPack good = publish_pack(*repository, {block_of({chunk, noise(10, 2)})});
  publish_tiny_packs(*repository, k_max_uncovered_packs, 50);
  for (const bool tables : {false, true}) {
    if (tables) objects.maintain_tables();
    objects.refresh();
    CHECK(repository.files_in("tables").size() == (tables ? 1 : 0));
    CHECK(objects.known_for_deduplication(chunk_key(chunk)));
    CHECK(objects.find(chunk_key(chunk))->pack == good.id);
  }
}

TEST_CASE("a pack that this process published is found at once, what others published on reading") {
  TestRepository repository;
  ObjectStore objects(*repository, {});
  const Bytes own = noise(300, 1);
  const Bytes other = noise(300, 2);
  const CatalogPack pack = publish_chunks(*repository, {own});
  CHECK_FALSE(objects.contains(chunk_key(own)));
  objects.add_pack(pack);
  CHECK(objects.contains(chunk_key(own)));
  CHECK(objects.catalog()->packs.size() == 1);

  publish_chunks(*repository, {other});
  CHECK_FALSE(objects.contains(chunk_key(other)));
  CHECK_FALSE(objects.known_for_deduplication(chunk_key(other)));
  CHECK(equal(objects.read(chunk_key(other)), other));
  CHECK(objects.contains(chunk_key(other)));
}

TEST_CASE("ids are found by prefix of any length, by type, up to a limit") {
  TestRepository repository;
  std::vector<ObjectKey> keys = publish_tiny_packs(*repository, 12, 1);
  ObjectStore objects(*repository, {});
  for (const bool tables : {false, true}) {
    if (tables) objects.maintain_tables();
    for (const ObjectKey& key : keys)
      for (const std::size_t digits : {4u, 5u, 10u, 64u}) {
        const auto found = objects.find_prefix(key.id.short_hex(digits), std::nullopt, 10);
        CHECK(std::find(found.begin(), found.end(), key) != found.end());
        for (const ObjectKey& other : found) CHECK(other.id.hex().starts_with(key.id.short_hex(digits)));
      }
    CHECK(objects.find_prefix(keys[0].id.hex(), ObjectType::chunk, 10) == std::vector{keys[0]});
    CHECK(objects.find_prefix(keys[0].id.hex(), ObjectType::commit, 10).empty());
    CHECK(objects.find_prefix("", std::nullopt, 5).size() == 5);
    CHECK(objects.find_prefix("", std::nullopt, 100).size() == keys.size());
    CHECK(objects.find_prefix("xyz1", std::nullopt, 10).empty());
  }
}

TEST_CASE("without header or footer a pack is read by its blocks, and not relied on") {
  TestRepository repository;
  const Bytes first = noise(300, 1);
  const Bytes second = noise(400, 2);
  const Bytes third = noise(500, 3);
  const CatalogPack pack = publish_pack(*repository, {block_of({first}), block_of({second}), block_of({third})});
  const ObjectStore sound(*repository, {});
  const std::uint64_t second_block = sound.find(chunk_key(second))->block_offset;
  const std::string whole = repository.read(layout::pack_path(pack.id));
  for (const std::size_t offset : {std::size_t{0}, k_pack_header_size - 1, whole.size() - 1, whole.size() - 30,
                                   whole.size() - k_footer_trailer_size - 1}) {
    CAPTURE(offset);
    flip(repository, layout::pack_path(pack.id), offset);
    const ObjectStore objects(*repository, {});
    for (const Bytes& chunk : {first, second, third}) {
      CHECK(equal(objects.read(chunk_key(chunk)), chunk));
      CHECK(!objects.known_for_deduplication(chunk_key(chunk)));
    }
    repository.write(layout::pack_path(pack.id), whole);
  }
  // A lost block in the middle does not end the search.
  flip(repository, layout::pack_path(pack.id), whole.size() - 1);
  flip(repository, layout::pack_path(pack.id), second_block + 5);
  const ObjectStore objects(*repository, {});
  CHECK(equal(objects.read(chunk_key(first)), first));
  CHECK(error_of([&] { objects.read(chunk_key(second)); })->kind() == ErrorKind::corrupt);
  CHECK(equal(objects.read(chunk_key(third)), third));
}

TEST_CASE("a pack whose file is gone is reported, and the others are read") {
  TestRepository repository;
  const Bytes lost = noise(300, 1);
  const Bytes kept = noise(300, 2);
  const CatalogPack pack = publish_chunks(*repository, {lost});
  publish_chunks(*repository, {kept});
  const ObjectStore before(*repository, {});
  repository.scratch.remove("repo/" + layout::pack_path(pack.id));
  const auto error = error_of([&] { before.read(chunk_key(lost)); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::corrupt);
  const ObjectStore after(*repository, {});
  CHECK(equal(after.read(chunk_key(kept)), kept));
  CHECK(error_of([&] { after.read(chunk_key(lost)); })->kind() == ErrorKind::corrupt);
}

TEST_CASE("a reader that lost its pack reads the catalog again") {
  TestRepository repository;
  const Bytes chunk = noise(300, 1);
  const CatalogPack old = publish_chunks(*repository, {chunk});
  const ObjectStore objects(*repository, {});
  PackWriter writer(*repository, repository->fd(), true);
  writer.append(block_of({chunk, noise(10, 2)}));
  const CatalogPack merged = writer.seal();
  append_catalog(*repository, {ReplacePacks{.removed = {old.id}, .added = {merged}}}, {});
  ObjectLocation location = *objects.find(chunk_key(chunk));
  CHECK(location.pack == old.id);
  const auto block = objects.read_block(chunk_key(chunk), location);
  CHECK(location.pack == merged.id);
  CHECK(object_matches(chunk_key(chunk), block->bytes(location.ordinal)));
}

TEST_CASE("a block is decoded once while it is in the cache, which keeps its budget") {
  TestRepository repository;
  std::vector<Bytes> chunks;
  for (std::uint64_t i = 0; i < 50; ++i) chunks.push_back(prose(2000, i));
  publish_chunks(*repository, chunks);
  const auto read_all = [&](const ObjectStore& objects) {
    for (const Bytes& chunk : chunks) CHECK(equal(objects.read(chunk_key(chunk)), chunk));
  };
  const ObjectStore objects(*repository, {});
  read_all(objects);
  CHECK(objects.counters().blocks_read == 1);
  CHECK(objects.counters().cache_misses == 1);
  CHECK(objects.counters().cache_hits == chunks.size() - 1);

  const ObjectStore without_budget(*repository, {.cache_bytes = 0});  // the last block stays all the same
  read_all(without_budget);
  CHECK(without_budget.counters().blocks_read == 1);
  const Bytes other = noise(3000, 77);
  publish_chunks(*repository, {other});
  read_all(without_budget);
  without_budget.read(chunk_key(other));
  without_budget.read(chunk_key(chunks[0]));
  CHECK(without_budget.counters().blocks_read == 3);
}

TEST_CASE("threads read while packs are added, merged into tables and the catalog is read again") {
  TestRepository repository;
  std::vector<Bytes> chunks;
  std::vector<EncodedBlock> blocks;
  for (std::uint64_t i = 0; i < 20; ++i) {
    chunks.push_back(prose(3000, i));
    blocks.push_back(block_of({chunks.back()}));
  }
  publish_pack(*repository, blocks);
  ObjectStore objects(*repository, {.cache_bytes = 10'000});
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> reads{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = t; !stop; ++i) {
        const Bytes& chunk = chunks[i % chunks.size()];
        wrong += equal(objects.read(chunk_key(chunk)), chunk) ? 0 : 1;
        ++reads;
      }
    });
  for (std::uint64_t i = 0; i < 24; ++i) {
    objects.add_pack(publish_chunks(*repository, {noise(50, 500 + i)}));
    if (i % 4 == 3) objects.refresh();
    objects.maintain_tables();
  }
  while (reads < 100) std::this_thread::yield();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace store::test
