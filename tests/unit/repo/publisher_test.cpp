#include "repo/publisher.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "pack_fixture.h"

namespace store::test {
TEST_CASE("a publish makes its packs durable and leaves one layer that says what went in") {
  TestRepository repository;
  ObjectStore objects(*repository, {});
  const Session session = repository.session();
  Publisher publisher(*repository, objects, session, {}, true);
  ObjectWriter writer(objects, publisher, {});
  const std::vector<Bytes> chunks{prose(30'000, 1), noise(20'000, 2)};
  for (const Bytes& chunk : chunks) CHECK(writer.put(chunk_key(chunk), chunk));
  CHECK_FALSE(writer.put(chunk_key(chunks[0]), chunks[0]));  // still in the open block
  CHECK_FALSE(writer.put({ObjectType::chunk, k_empty_chunk_id}, {}));
  writer.flush();
  CHECK_FALSE(objects.contains(chunk_key(chunks[0])));
  const ObjectId commit = sha256(as_bytes("commit"));
  const PublishTotals totals = publisher.finish(commit);
  CHECK(totals.objects == 2);
  CHECK(totals.chunks == 2);
  CHECK(totals.raw_bytes == 50'000);

  const auto [state, layers] = read_catalog_history(*repository);
  REQUIRE(state.packs.size() == 1);
  REQUIRE(layers.size() == 1);
  CHECK(totals.stored_bytes == state.packs[0].pack.size);
  const Layer& layer = layers[0].layer;
  CHECK(layer.kind == LayerKind::full);
  CHECK(layer.packs == std::vector{state.packs[0].pack.id});
  CHECK(layer.objects == 2);
  CHECK(layer.chunks == 2);
  CHECK(layer.raw_bytes == 50'000);
  CHECK(layer.stored_bytes == totals.stored_bytes);
  CHECK(layer.commit == commit);
  CHECK(layer.time > 0);
  for (const Bytes& chunk : chunks) CHECK(objects.read(chunk_key(chunk)) == chunk);
  CHECK_FALSE(writer.put(chunk_key(chunks[0]), chunks[0]));
}

TEST_CASE("a publish of nothing new leaves no pack and no layer") {
  TestRepository repository;
  ObjectStore objects(*repository, {});
  const Session session = repository.session();
  Publisher publisher(*repository, objects, session, {}, true);
  const Bytes chunk = noise(100, 1);
  publish_chunks(*repository, {chunk});
  objects.refresh();
  ObjectWriter writer(objects, publisher, {});
  CHECK_FALSE(writer.put(chunk_key(chunk), chunk));
  writer.flush();
  CHECK(publisher.finish(std::nullopt).objects == 0);
  CHECK(read_catalog_history(*repository).layers.empty());
  CHECK(repository.files_in("packs").size() == 1);
}

TEST_CASE("the same objects make the same pack bytes") {
  std::vector<std::string> contents;
  for (int round = 0; round < 2; ++round) {
    TestRepository repository;
    ObjectStore objects(*repository, {});
    const Session session = repository.session();
    Publisher publisher(*repository, objects, session, {}, true);
    ObjectWriter writer(objects, publisher, {});
    for (std::uint64_t i = 0; i < 100; ++i) {
      const Bytes chunk = i % 3 == 0 ? noise(40'000, i) : prose(40'000, i);
      writer.put(chunk_key(chunk), chunk);
    }
    writer.flush();
    publisher.finish(std::nullopt);
    const auto packs = repository.files_in("packs");
    REQUIRE(packs.size() == 1);
    contents.push_back(repository.read("packs/" + packs[0]));
  }
  CHECK((contents[0] == contents[1]));
}

TEST_CASE("a full pack is published before the publish ends, and its objects are found") {
  TestRepository repository;
  ObjectStore objects(*repository, {});
  const Session session = repository.session();
  Publisher publisher(*repository, objects, session, {}, false);
  constexpr std::uint64_t k_blocks_per_pack = k_pack_object_limit / k_max_block_objects;
  std::vector<ObjectKey> first;
  for (std::uint64_t i = 0; i < k_blocks_per_pack; ++i) {
    const EncodedBlock block = wide_block(i + 1);
    first.insert(first.end(), block.keys.begin(), block.keys.end());
    publisher.append(block);
  }
  CHECK(read_catalog(*repository).packs.empty());
  CHECK(publisher.sealed_packs() == 0);
  publisher.append(wide_block(100));
  CHECK(publisher.sealed_packs() == 1);
  REQUIRE(read_catalog(*repository).packs.size() == 1);
  CHECK(read_catalog(*repository).packs[0].pack.objects == k_pack_object_limit);
  CHECK(objects.contains(first.front()));
  CHECK(std::all_of(first.begin(), first.end(), [&](const ObjectKey& key) { return objects.known_for_deduplication(key); }));

  publisher.finish(std::nullopt);
  const auto [state, layers] = read_catalog_history(*repository);
  CHECK(state.packs.size() == 2);
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].layer.packs.size() == 2);
  CHECK(layers[0].layer.objects == k_pack_object_limit + k_max_block_objects);
  CHECK(publisher.sealed_packs() == 2);
}

TEST_CASE("metadata of a publish comes after the data that it may name") {
  TestRepository repository;
  ObjectStore objects(*repository, {});
  const Session session = repository.session();
  Publisher publisher(*repository, objects, session, {}, true);
  ObjectWriter writer(objects, publisher, {});
  const Bytes data = noise(100, 1);
  const Bytes text = prose(200, 2);
  writer.put({ObjectType::commit, sha256(text)}, text);
  writer.put(chunk_key(data), data);
  writer.flush();
  publisher.finish(std::nullopt);
  CHECK(objects.find(chunk_key(data))->block_offset <
        objects.find({ObjectType::commit, sha256(text)})->block_offset);
}

TEST_CASE("whatever call of a publish is refused, the catalog has all of it or nothing") {
  const Bytes before = noise(500, 1);
  const std::vector<Bytes> chunks{prose(30'000, 2), noise(3000, 3)};
  const auto run = [&](const Fault& fault) {
    TestRepository repository;
    publish_chunks(*repository, {before});
    ObjectStore objects(*repository, {});
    const Session session = repository.session();
    Publisher publisher(*repository, objects, session, {}, true);
    ObjectWriter writer(objects, publisher, {});
    repository.fs.arm(fault);
    const auto refused = error_of([&] {
      for (const Bytes& chunk : chunks) writer.put(chunk_key(chunk), chunk);
      writer.flush();
      publisher.finish(std::nullopt);
    });
    const std::uint64_t faults = repository.fs.faults();
    repository.fs.disarm();
    INFO("call " << fault.nth);
    const auto [state, layers] = read_catalog_history(*repository);
    const bool published = !layers.empty();
    CHECK(state.packs.size() == (published ? 2 : 1));
    if (!refused) CHECK(published);
    // When the sync is refused, and then the cut as well, the record stays: as whole as it is.
    if (refused && fault.lasts == FaultLasts::once) CHECK_FALSE(published);
    if (refused) CHECK(refused->kind() == (fault.error == ENOSPC ? ErrorKind::no_space : ErrorKind::system));
    const ObjectStore after(*repository, {});
    CHECK(after.read(chunk_key(before)) == before);
    for (const Bytes& chunk : chunks) CHECK(after.contains(chunk_key(chunk)) == published);
    return faults;
  };
  for (const int error : {ENOSPC, EIO})
    for (const FaultLasts lasts : {FaultLasts::once, FaultLasts::forever}) {
      std::uint64_t nth = 1;
      while (run({.nth = nth, .error = error, .lasts = lasts, .bytes_before = 50}) != 0) ++nth;
      CHECK(nth > 10);
    }
}

}  // namespace store::test
