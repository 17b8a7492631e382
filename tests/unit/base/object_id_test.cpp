#include "base/object_id.h"

#include <doctest/doctest.h>

#include "base/error.h"

using namespace store;

TEST_CASE("an id is 64 lower-case hex digits and nothing else") {
  const std::string text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::optional<ObjectId> id = ObjectId::from_hex(text);
  REQUIRE(id);
  CHECK(*id == k_empty_chunk_id);
  CHECK(id->hex() == text);
  CHECK(id->short_hex() == text.substr(0, 10));
  CHECK(ObjectId::from_bytes(id->view()) == *id);
  std::string upper = text;
  upper[0] = 'E';
  for (const std::string& bad : {std::string(), upper, text + "0", text.substr(1), text.substr(1) + "g"})
    CHECK_FALSE(ObjectId::from_hex(bad));
  CHECK_THROWS_AS(ObjectId::from_bytes(id->view().first(31)), Error);
}

TEST_CASE("ids are ordered by bytes and keys by type first") {
  ObjectId low, high;
  low.bytes[31] = std::byte{0xff};
  high.bytes[0] = std::byte{0x80};
  CHECK(ObjectId{}.is_zero());
  CHECK_FALSE(low.is_zero());
  CHECK(low < high);
  CHECK(ObjectKey{ObjectType::chunk, high} < ObjectKey{ObjectType::recipe, low});
  CHECK(ObjectKeyHash()({ObjectType::chunk, low}) != ObjectKeyHash()({ObjectType::tree, low}));
}

TEST_CASE("hex of any length goes both ways") {
  const Bytes bytes{std::byte{0x00}, std::byte{0x0f}, std::byte{0xa0}, std::byte{0xff}};
  CHECK(to_hex(bytes) == "000fa0ff");
  CHECK(from_hex("000fa0ff") == bytes);
  CHECK(from_hex("") == Bytes{});
  for (const char* bad : {"0", "0g", "0F", " 0", "0x"}) CHECK_FALSE_MESSAGE(from_hex(bad), bad);
}

TEST_CASE("object types have the numbers that are cast on disk") {
  CHECK(name_of(static_cast<ObjectType>(1)) == "chunk");
  CHECK(name_of(static_cast<ObjectType>(2)) == "recipe");
  CHECK(name_of(static_cast<ObjectType>(3)) == "tree");
  CHECK(name_of(static_cast<ObjectType>(4)) == "attributes");
  CHECK(name_of(static_cast<ObjectType>(5)) == "commit");
  CHECK_FALSE(is_object_type(0));
  CHECK(is_object_type(1));
  CHECK(is_object_type(5));
  CHECK_FALSE(is_object_type(6));
}
