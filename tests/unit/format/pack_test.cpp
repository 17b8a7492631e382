#include "format/pack.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "format/bloom.h"
#include "format/table.h"
#include "unit/format/random_records.h"
#include "unit/format/samples.h"

using namespace store;
using namespace store::testing;

namespace {

constexpr std::size_t k_objects_at = 8, k_raw_length_at = 12, k_stored_length_at = 16;

BlockHeader one_object(std::uint32_t length) {
  return {.codec = Codec::raw, .raw_length = length, .stored_length = length,
          .objects = {{ObjectType::chunk, length}}, .bases = {}, .payload_checksum = 0};
}

Footer footer_of(const std::vector<ObjectKey>& keys) {
  Footer footer;
  footer.block_offsets = {k_pack_header_size};
  for (std::uint32_t i = 0; i < keys.size(); ++i)
    footer.entries.push_back({.key = keys[i], .flags = 0, .block = 0, .ordinal = i});
  std::sort(footer.entries.begin(), footer.entries.end(),
            [](const FooterEntry& a, const FooterEntry& b) { return key_less(a.key, b.key); });
  return footer;
}

std::size_t naive_lower_bound(const Footer& footer, const ObjectKey& key) {
  std::size_t index = 0;
  while (index < footer.entries.size() && key_less(footer.entries[index].key, key)) ++index;
  return index;
}

Bytes table_of(const std::vector<TableEntry>& entries) {
  Bytes bytes;
  TableWriter writer({id_of("pack")}, entries.size(),
                     [&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  for (const TableEntry& entry : entries) writer.add(entry);
  writer.finish();
  return bytes;
}

std::vector<TableEntry> any_entries(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<TableEntry> entries;
  for (std::size_t i = 0; i < count; ++i)
    entries.push_back({.key = any_key(random), .flags = 0, .pack = 0, .block_offset = static_cast<std::uint32_t>(i),
                       .ordinal = 0});
  std::sort(entries.begin(), entries.end(),
            [](const TableEntry& a, const TableEntry& b) { return key_less(a.key, b.key); });
  return entries;
}

}  // namespace

TEST_CASE("a block may hold 8 MiB and not a byte more") {
  CHECK(decode_block_header(encode_block_header(one_object(k_max_object_size))).raw_length == k_max_object_size);
  CHECK_THROWS_AS(encode_block_header(one_object(k_max_object_size + 1)), Error);
  CHECK_THROWS_AS(encode_block_header(one_object(0)), Error);
}

TEST_CASE("a block header tells its size and refuses limits before anything is allocated") {
  const Bytes good = encode_block_header(one_object(5));
  CHECK(block_header_size(ByteView(good).first(k_block_prefix_size)) == good.size());
  for (const std::size_t at : {k_objects_at, k_raw_length_at, k_stored_length_at}) {
    Bytes bytes = good;
    store_u32(bytes.data() + at, ~0u);
    CHECK_THROWS_AS(block_header_size(bytes), Error);
  }
  CHECK_THROWS_AS(block_header_size(ByteView(good).first(k_block_prefix_size - 1)), Error);
}

TEST_CASE("a raw block has no bases, and no block has more than 16") {
  BlockHeader header = one_object(5);
  header.bases = {id_of("base")};
  CHECK_THROWS_AS(encode_block_header(header), Error);
  header.codec = Codec::zstd;
  CHECK(decode_block_header(encode_block_header(header)) == header);
  header.bases.assign(k_max_bases + 1, id_of("base"));
  CHECK_THROWS_AS(encode_block_header(header), Error);
}

TEST_CASE("the search for blocks finds every magic and stops at the end") {
  const Bytes block = encode_block_header(one_object(5));
  Bytes bytes(7);
  bytes.insert(bytes.end(), block.begin(), block.end());
  bytes.insert(bytes.end(), block.begin(), block.end());
  CHECK(find_block_magic(bytes, 0) == 7);
  CHECK(find_block_magic(bytes, 7) == 7);
  CHECK(find_block_magic(bytes, 8) == 7 + block.size());
  CHECK(find_block_magic(bytes, 8 + block.size()) == bytes.size());
  CHECK(find_block_magic(bytes, bytes.size() + 1) == bytes.size());
}

TEST_CASE("a footer finds each of its objects, by type, and nothing else") {
  for (const std::size_t count : {0u, 1u, 2u, 3u, 100u, 5000u}) {
    Random random(count);
    std::vector<ObjectKey> keys;
    for (std::size_t i = 0; i < count; ++i) keys.push_back(any_key(random));
    const Footer footer = footer_of(keys);
    const Bytes bytes = encode_footer(footer);
    CHECK(footer_size(ByteView(bytes).last(k_footer_trailer_size)) == bytes.size());
    const FooterView view(bytes, FooterView::Verify::yes);
    REQUIRE(view.size() == count);
    for (const FooterEntry& entry : footer.entries) {
      CHECK(view.find(entry.key) == entry);
      ObjectKey other = entry.key;
      other.type = other.type == ObjectType::chunk ? ObjectType::commit : ObjectType::chunk;
      CHECK_FALSE(view.find(other).has_value());
    }
    for (int i = 0; i < 20; ++i) {
      const ObjectKey absent = any_key(random);
      CHECK_FALSE(view.find(absent).has_value());
      CHECK(view.lower_bound(absent) == naive_lower_bound(footer, absent));
    }
  }
}

TEST_CASE("the search is right on ids that are anything but uniform") {
  std::vector<ObjectKey> keys;
  for (std::uint64_t i = 0; i < 300; ++i) {
    ObjectId id;
    store_u64(id.bytes.data() + (i % 3 == 0 ? 0 : 24), i * i);
    keys.push_back({ObjectType::chunk, id});
    if (i % 7 == 0) keys.push_back({ObjectType::tree, id});
  }
  const Footer footer = footer_of(keys);
  const Bytes bytes = encode_footer(footer);
  const FooterView view(bytes, FooterView::Verify::no);
  for (const ObjectKey& key : keys) {
    CHECK(view.lower_bound(key) == naive_lower_bound(footer, key));
    ObjectKey near = key;
    near.id.bytes[31] = static_cast<std::byte>(static_cast<unsigned char>(near.id.bytes[31]) + 1);
    CHECK(view.lower_bound(near) == naive_lower_bound(footer, near));
  }
}

TEST_CASE("an object may lie in a pack twice, but not at one place twice") {
  const ObjectKey key{ObjectType::chunk, id_of("x")};
  Footer footer = footer_of({key, key});
  CHECK(decode_footer(encode_footer(footer)).entries == footer.entries);
  footer.entries[1] = footer.entries[0];
  CHECK_THROWS_AS(encode_footer(footer), Error);
}

TEST_CASE("a footer comes whole or in pieces, which are the same bytes") {
  for (const std::size_t objects : {0u, 1u, 23'830u, 23'831u, 60'000u}) {  // 23,830 and the rest fill a piece
    std::vector<ObjectKey> keys;
    for (std::size_t i = 0; i < objects; ++i) keys.push_back({ObjectType::chunk, id_of(std::to_string(i))});
    const Footer footer = footer_of(keys);
    Bytes joined;
    std::size_t pieces = 0;
    encode_footer(footer, [&](ByteView piece) {
      CHECK(!piece.empty());
      CHECK(piece.size() <= k_footer_piece);
      joined.insert(joined.end(), piece.begin(), piece.end());
      ++pieces;
    });
    CHECK(pieces == (joined.size() + k_footer_piece - 1) / k_footer_piece);
    CHECK(joined.size() == footer_size(1, objects));
    CHECK(joined == encode_footer(footer));
    CHECK(decode_footer(joined).entries == footer.entries);
  }
}

TEST_CASE("a table finds what was added and its filter turns most others away") {
  for (const std::size_t count : {0u, 1u, 40u, 43u, 20000u}) {
    const std::vector<TableEntry> entries = any_entries(count, count);
    const Bytes bytes = table_of(entries);
    const TableView view(bytes, FooterView::Verify::yes);
    REQUIRE(view.size() == count);
    CHECK(view.packs() == std::vector<ObjectId>{id_of("pack")});
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(view.entry(i) == entries[i]);
      CHECK(view.find(entries[i].key) == entries[i]);
    }
    Random random(~count);
    for (int i = 0; i < 100; ++i) CHECK_FALSE(view.find(any_key(random)).has_value());
  }
}

TEST_CASE("whether a table may have an object is in one line of its filter, and of a hundred that are not there it says so of 98") {
  constexpr std::size_t k_count = 20000, k_lookups = 10000;
  const std::size_t lines = bloom_lines(k_count);
  Bytes filter(lines * k_bloom_line);
  Random random(1);
  for (std::size_t i = 0; i < k_count; ++i) bloom_add(filter, any_key(random).id);
  std::size_t mistaken = 0;
  for (std::size_t i = 0; i < k_lookups; ++i) mistaken += bloom_may_contain(filter, any_key(random).id);
  CHECK(mistaken < k_lookups / 50);

  Bytes one_line(filter.size());
  for (int i = 0; i < 20; ++i) {
    const ObjectId id = any_key(random).id;
    std::size_t deciding = 0;
    for (std::size_t line = 0; line < lines; ++line) {
      const auto here = one_line.begin() + static_cast<std::ptrdiff_t>(line * k_bloom_line);
      std::fill_n(here, k_bloom_line, std::byte{0xff});
      deciding += bloom_may_contain(one_line, id);
      std::fill_n(here, k_bloom_line, std::byte{0});
    }
    CHECK(deciding == 1);
  }
}

TEST_CASE("a table's entry takes 48 bytes and its filter at most 12 bits and a line") {
  constexpr std::size_t k_count = 20000, k_line = 64;
  const std::size_t base = table_of({}).size();
  const std::size_t size = table_of(any_entries(k_count, 1)).size() - base;
  CHECK(size >= k_count * 48);
  CHECK(size <= k_count * 48 + k_count * 12 / 8 + 2 * k_line);
}

TEST_CASE("a table refuses wrong counts and wrong order") {
  std::vector<TableEntry> entries = any_entries(2, 1);
  const auto ignore = [](ByteView) {};
  TableWriter too_few({id_of("pack")}, 1, ignore);
  CHECK_THROWS_AS(too_few.finish(), Error);
  TableWriter too_many({id_of("pack")}, 1, ignore);
  too_many.add(entries[0]);
  CHECK_THROWS_AS(too_many.add(entries[1]), Error);
  std::swap(entries[0], entries[1]);
  CHECK_THROWS_AS(table_of(entries), Error);
}
