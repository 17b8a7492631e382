#include <doctest/doctest.h>

#include "hash/checksum.h"
#include "pack_fixture.h"

namespace store::test {
namespace {

bool equal(const Bytes& read, const Bytes& expected) { return read == expected; }

/// A delta block: `chunk` with the bytes of `bases` as prefix.
EncodedBlock delta_block(const Bytes& chunk, const std::vector<Bytes>& bases) {
  Bytes prefix;
  BlockHeader header;
  for (const Bytes& base : bases) {
    prefix.insert(prefix.end(), base.begin(), base.end());
    header.bases.push_back(sha256(base));
  }
  Compressor compressor;
  Buffer frame(Compressor::bound(chunk.size()));
  const std::size_t size = compressor.compress_with_prefix(chunk, prefix, frame.span(0, frame.capacity()), 3);
  REQUIRE(size != 0);
  header.codec = Codec::zstd;
  header.raw_length = static_cast<std::uint32_t>(chunk.size());
  header.stored_length = static_cast<std::uint32_t>(size);
  header.objects = {{ObjectType::chunk, header.raw_length}};
  header.payload_checksum = xxh3(frame.view(0, size));
  EncodedBlock block{
      .bytes = encode_block_header(header), .keys = {chunk_key(chunk)}, .raw_bytes = chunk.size()};
  const ByteView payload = frame.view(0, size);
  block.bytes.insert(block.bytes.end(), payload.begin(), payload.end());
  block.delta = true;
  return block;
}

}  // namespace

TEST_CASE("a delta is read through bases that have none themselves") {
  TestRepository repository;
  const Bytes base = noise(50'000, 1);
  Bytes changed = base;
  changed[20'000] ^= std::byte{1};
  const EncodedBlock delta = delta_block(changed, {noise(1000, 7), base});
  REQUIRE(delta.bytes.size() < changed.size() / 10);
  SUBCASE("bases at hand") {
    publish_chunks(*repository, {noise(1000, 7)});
    publish_pack(*repository, {block_of({base}), delta});
    const ObjectStore objects(*repository, {});
    CHECK(equal(objects.read(chunk_key(changed)), changed));
  }
  SUBCASE("a base is missing") {
    publish_pack(*repository, {block_of({base}), delta});
    const ObjectStore objects(*repository, {});
    CHECK(error_of([&] { objects.read(chunk_key(changed)); })->kind() == ErrorKind::corrupt);
  }
}

TEST_CASE("a delta whose base is a delta is refused, even if the footer denies it or they form a cycle") {
  TestRepository repository;
  const Bytes first = noise(20'000, 1);
  Bytes second = first;
  second[5] ^= std::byte{1};
  Bytes third = first;
  third[9] ^= std::byte{1};
  EncodedBlock middle = delta_block(second, {first});
  std::vector<EncodedBlock> blocks{block_of({first})};
  bool readable = true;
  SUBCASE("honest") {}
  SUBCASE("the footer lies") { middle.delta = false; }
  SUBCASE("a cycle") {
    middle = delta_block(second, {third});
    middle.delta = false;
    readable = false;
  }
  blocks.push_back(middle);
  EncodedBlock last = delta_block(third, {second});
  last.delta = middle.delta;
  blocks.push_back(last);
  publish_pack(*repository, blocks);
  const ObjectStore objects(*repository, {});
  if (readable) CHECK(equal(objects.read(chunk_key(second)), second));
  const auto error = error_of([&] { objects.read(chunk_key(third)); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::corrupt);
}

TEST_CASE("a base's copy without bases is preferred to one with bases") {
  TestRepository repository;
  const Bytes root = noise(20'000, 1);
  Bytes base = root;
  base[5] ^= std::byte{1};
  Bytes top = root;
  top[9] ^= std::byte{1};
  publish_pack(*repository, {block_of({base})});
  publish_pack(*repository, {block_of({root}), delta_block(base, {root})});
  publish_pack(*repository, {delta_block(top, {base})});
  const ObjectStore objects(*repository, {});
  CHECK(equal(objects.read(chunk_key(top)), top));
}

TEST_CASE("bases of more than the limit together are refused") {
  TestRepository repository;
  std::vector<Bytes> bases;
  std::vector<EncodedBlock> blocks;
  for (std::uint64_t i = 0; i < 5; ++i) {
    bases.push_back(noise(k_max_object_size / 4, i + 1));
    blocks.push_back(block_of({bases.back()}));
  }
  const Bytes over(noise(100, 20));
  blocks.push_back(delta_block(over, bases));
  bases.pop_back();
  const Bytes fits(noise(100, 21));
  blocks.push_back(delta_block(fits, bases));
  publish_pack(*repository, blocks);
  const ObjectStore objects(*repository, {});
  CHECK(equal(objects.read(chunk_key(fits)), fits));
  CHECK(error_of([&] { objects.read(chunk_key(over)); })->kind() == ErrorKind::corrupt);
}

}  // namespace store::test
