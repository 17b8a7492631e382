#include "repo/key_set.h"

#include <doctest/doctest.h>

#include <unordered_set>

#include "hash/sha256.h"

namespace store {
namespace {

ObjectKey key_of(std::uint32_t number) {
  return {number % 3 == 0 ? ObjectType::tree : ObjectType::chunk, sha256(as_bytes(std::to_string(number)))};
}

TEST_CASE("a set of keys is what the library's is") {
  KeySet keys;
  std::unordered_set<ObjectKey, ObjectKeyHash> reference;
  std::uint32_t state = 1;
  for (int step = 0; step < 40'000; ++step) {
    state = state * 1664525 + 1013904223;
    const ObjectKey key = key_of((state >> 8) % 8000);
    CHECK(keys.contains(key) == reference.contains(key));
    CHECK(keys.insert(key) == reference.insert(key).second);
    CHECK(keys.contains(key));
    if (step % 9000 == 8999) {
      const auto gone = [step](const ObjectKey& one) { return (std::to_integer<int>(one.id.bytes[5]) + step) % 4 != 0; };
      keys.erase_if(gone);
      std::erase_if(reference, gone);
    }
    REQUIRE(keys.size() == reference.size());
  }
  for (std::uint32_t number = 0; number < 8000; ++number)
    CHECK(keys.contains(key_of(number)) == reference.contains(key_of(number)));
}

TEST_CASE("keys that differ in type only, or hash alike, are different keys") {
  KeySet keys(3);
  ObjectKey key = key_of(1);
  CHECK(keys.insert(key));
  key.type = ObjectType::commit;
  CHECK_FALSE(keys.contains(key));
  CHECK(keys.insert(key));
  for (int last = 0; last < 100; ++last) {
    key.id.bytes[31] = static_cast<std::byte>(last);
    key.id.bytes[30] = std::byte{0};
    CHECK(keys.insert(key));
  }
  CHECK(keys.size() == 102);
  keys.erase_if([](const ObjectKey&) { return true; });
  CHECK(keys.size() == 0);
  CHECK_FALSE(keys.contains(key));
  CHECK(keys.insert(key));
}

}  // namespace
}  // namespace store
