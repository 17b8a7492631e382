#include "hash/checksum.h"

#include <doctest/doctest.h>

#include "support/random_bytes.h"

using namespace store;

TEST_CASE("the checksum is XXH3-64 with seed 0, as its authors' vectors say") {
  CHECK(xxh3({}) == 0x2d06800538d394c2ULL);
  CHECK(xxh3(as_bytes("abc")) == 0x78af5f94892f3950ULL);
}

TEST_CASE("the checksum changes with every bit") {
  Bytes bytes = store::testing::random_bytes(300, 1);
  const std::uint64_t before = xxh3(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const std::byte mask{static_cast<unsigned char>(1u << (bit % 8))};
    bytes[bit / 8] ^= mask;
    CAPTURE(bit);
    CHECK(xxh3(bytes) != before);
    bytes[bit / 8] ^= mask;
  }
}
