#include "repo/block.h"

#include <doctest/doctest.h>

#include "hash/checksum.h"
#include "pack_fixture.h"
#include "repo/pack_file.h"

namespace store::test {
namespace {

BlockHeader header_of(const EncodedBlock& block) { return decode_block_header(block.bytes); }

/// A key that is enough for the assembler, which never looks at content.
ObjectKey numbered(ObjectType type, std::uint64_t number) {
  ObjectKey key{type, {}};
  store_u64(key.id.bytes.data(), number + 1);
  return key;
}

DecodedBlock decoded(const EncodedBlock& block) {
  Decompressor decompressor;
  const BlockHeader header = header_of(block);
  return decode_block({header, block.bytes, block_header_size(block.bytes)}, decompressor, nullptr);
}

}  // namespace

TEST_CASE("a block of text is stored compressed and decodes to its objects") {
  const std::vector<Bytes> chunks{prose(50'000, 1), prose(7, 2), prose(30'000, 3)};
  const EncodedBlock block = block_of(chunks);
  const BlockHeader header = header_of(block);
  CHECK(header.codec == Codec::zstd);
  CHECK(header.stored_length < header.raw_length / 4);
  CHECK(block.raw_bytes == 50'000 + 7 + 30'000);
  const ByteView payload = ByteView(block.bytes).subspan(block_header_size(block.bytes));
  CHECK(payload.size() == header.stored_length);
  CHECK(xxh3(payload) == header.payload_checksum);
  const DecodedBlock back = decoded(block);
  REQUIRE(back.size() == chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    CHECK(block.keys[i] == chunk_key(chunks[i]));
    CHECK(object_matches(block.keys[i], back.bytes(i)));
  }
}

TEST_CASE("a block is stored raw when compression is off, not worth trying or not worth keeping") {
  const CompressionOptions options;
  CHECK(header_of(block_of({prose(50'000, 1)}, {.level = std::nullopt})).codec == Codec::raw);
  CHECK(header_of(block_of({prose(options.threshold - 1, 1)})).codec == Codec::raw);
  CHECK(header_of(block_of({prose(options.threshold, 1)})).codec == Codec::zstd);
  const EncodedBlock incompressible = block_of({noise(100'000, 1)});
  CHECK(header_of(incompressible).codec == Codec::raw);
  CHECK(object_matches(incompressible.keys[0], decoded(incompressible).bytes(0)));

  // Half of what a frame must save is zeros, where the probe does not hide the rest.
  Bytes nearly = noise(64'000, 2);
  std::fill(nearly.end() - 64'000 / 32, nearly.end(), std::byte{0});
  CHECK(header_of(block_of({nearly})).codec == Codec::raw);
}

TEST_CASE("the same block is encoded to the same bytes, whatever was compressed before") {
  const EncodedBlock first = block_of({prose(100'000, 4)});
  Compressor used;
  RawBlock other;
  other.bytes = prose(300'000, 5);
  other.keys = {chunk_key(other.bytes)};
  other.lengths = {static_cast<std::uint32_t>(other.bytes.size())};
  encode_block(other, used, {});
  RawBlock again;
  again.bytes = prose(100'000, 4);
  again.keys = {chunk_key(again.bytes)};
  again.lengths = {100'000};
  CHECK(encode_block(again, used, {}).bytes == first.bytes);
}

TEST_CASE("memory of blocks is lent again once all of it was made, and only if a data block fits") {
  BlockMemory memory(2);
  const auto give_back = [&](Bytes bytes) {
    const std::byte* const at = bytes.data();
    bytes.resize(1);
    memory.give_back(std::move(bytes));
    return at;
  };
  const std::byte* const first = give_back(memory.take());
  Bytes second = memory.take();
  CHECK(second.data() != first);
  const Bytes again = memory.take();
  CHECK(again.data() == first);
  CHECK(again.empty());
  CHECK(again.capacity() >= k_data_block_size);
  memory.give_back(Bytes(k_data_block_size - 1));
  const Bytes beyond = memory.take();
  CHECK(beyond.capacity() >= k_data_block_size);
  const std::byte* const last = give_back(std::move(second));
  CHECK(memory.take().data() == last);
}

TEST_CASE("the memory that came back last is lent first") {
  BlockMemory memory(2);
  Bytes first = memory.take();
  Bytes second = memory.take();
  const std::byte* const places[] = {first.data(), second.data()};
  memory.give_back(std::move(first));
  memory.give_back(std::move(second));
  second = memory.take();
  CHECK(second.data() == places[1]);
  CHECK(memory.take().data() == places[0]);
}

TEST_CASE("no more memory is kept than was lent at once, and none that is much larger than a block") {
  BlockMemory memory(1);
  Bytes lent = memory.take();
  const std::byte* const place = lent.data();
  const auto foreign = [](std::size_t capacity) {
    Bytes bytes;
    bytes.reserve(capacity);
    return bytes;
  };
  Bytes same_size = foreign(k_data_block_size);
  memory.give_back(foreign(3 * k_data_block_size));
  memory.give_back(std::move(lent));
  memory.give_back(std::move(same_size));
  lent = memory.take();
  CHECK(lent.data() == place);
  CHECK(memory.take().capacity() > k_data_block_size);
}

TEST_CASE("blocks made in lent memory are the same, and a raw one takes it along") {
  BlockMemory memory(1);
  BlockAssembler assembler(&memory);
  Compressor compressor;
  for (const Bytes& content : {prose(300'000, 7), noise(300'000, 8), prose(200'000, 9)}) {
    std::vector<RawBlock> closed;
    assembler.add(chunk_key(content), content, closed);
    assembler.flush(closed);
    REQUIRE(closed.size() == 1);
    const std::byte* const at = closed[0].bytes.data();
    EncodedBlock encoded = encode_block(closed[0], compressor, {});
    CHECK(encoded.bytes == block_of({content}).bytes);
    CHECK((encoded.bytes.data() == at) == (header_of(encoded).codec == Codec::raw));
    memory.give_back(std::move(closed[0].bytes));
    memory.give_back(std::move(encoded.bytes));
    CHECK(memory.take().data() == at);
  }
}

TEST_CASE("a data block closes before the object that would take it past its size, and never earlier") {
  BlockAssembler assembler;
  std::vector<RawBlock> closed;
  const Bytes half(k_data_block_size / 2, std::byte{1});
  assembler.add(numbered(ObjectType::chunk, 0), half, closed);
  CHECK(closed.empty());
  SUBCASE("exactly full") {
    assembler.add(numbered(ObjectType::chunk, 1), half, closed);
    assembler.add(numbered(ObjectType::chunk, 2), half, closed);
    assembler.flush(closed);
    REQUIRE(closed.size() == 2);
    CHECK(closed[0].bytes.size() == k_data_block_size);
  }
  SUBCASE("one byte too many") {
    const Bytes more(k_data_block_size / 2 + 1, std::byte{2});
    assembler.add(numbered(ObjectType::chunk, 1), more, closed);
    REQUIRE(closed.size() == 1);
    CHECK(closed[0].keys.size() == 1);
    assembler.flush(closed);
    REQUIRE(closed.size() == 2);
    CHECK(closed[1].bytes.size() == more.size());
  }
  SUBCASE("a larger object is alone") {
    const Bytes large(k_max_object_size, std::byte{3});
    assembler.add(numbered(ObjectType::chunk, 1), large, closed);
    REQUIRE(closed.size() == 2);
    CHECK(closed[1].keys.size() == 1);
    assembler.flush(closed);
    CHECK(closed.size() == 2);
  }
  SUBCASE("no object is larger than the limit") {
    const Bytes too_large(k_max_object_size + 1);
    const auto error = error_of([&] { assembler.add(numbered(ObjectType::chunk, 1), too_large, closed); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::bug);
  }
}

TEST_CASE("metadata has its own blocks, and the data they may name is handed out before them") {
  BlockAssembler assembler;
  std::vector<RawBlock> closed;
  const Bytes node(k_metadata_block_size / 4, std::byte{1});
  assembler.add(numbered(ObjectType::tree, 0), node, closed);
  assembler.add(numbered(ObjectType::chunk, 1), node, closed);
  for (std::uint64_t i = 2; closed.empty(); ++i) assembler.add(numbered(ObjectType::recipe, i), node, closed);
  REQUIRE(closed.size() == 2);
  CHECK(closed[0].keys == std::vector{numbered(ObjectType::chunk, 1)});
  CHECK(closed[1].keys.front() == numbered(ObjectType::tree, 0));
  CHECK(closed[1].bytes.size() == k_metadata_block_size);

  closed.clear();
  assembler.add(numbered(ObjectType::commit, 100), node, closed);
  assembler.add(numbered(ObjectType::chunk, 101), node, closed);
  assembler.flush(closed);
  REQUIRE(closed.size() == 2);
  CHECK(closed[0].keys.front().type == ObjectType::chunk);
  CHECK(closed[1].keys.front().type == ObjectType::commit);
}

TEST_CASE("a block holds at most its number of objects") {
  BlockAssembler assembler;
  std::vector<RawBlock> closed;
  const Bytes byte(1);
  for (std::uint64_t i = 0; i <= k_max_block_objects; ++i)
    assembler.add(numbered(ObjectType::chunk, i), byte, closed);
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].keys.size() == k_max_block_objects);
}

TEST_CASE("a decoded block whose lengths do not add up is refused") {
  const auto error = error_of([] { DecodedBlock({{ObjectType::chunk, 3}}, Buffer(4), 4); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::corrupt);
}

}  // namespace store::test
