#include "chunk/gear_scan.h"

#include <doctest/doctest.h>

#include "support/random_bytes.h"

using namespace store;
using store::testing::random_bytes;
using store::testing::SplitMix64;

namespace {

/// What is found in all of `bytes`, candidate after candidate, and the hash at the end.
template <typename Scan>
std::vector<std::uint64_t> candidates(ByteView bytes, std::uint64_t largest, Scan scan) {
  std::vector<std::uint64_t> found;
  std::uint64_t hash = 0;
  while (!bytes.empty()) {
    const std::size_t count = scan(hash, bytes, largest);
    REQUIRE(count > 0);
    found.push_back(count);
    found.push_back(hash);
    bytes = bytes.subspan(count);
  }
  return found;
}

}  // namespace

TEST_CASE("the gear scan stops where the plain one does, with its hash, from no candidate to one at every byte") {
  SplitMix64 random(1);
  for (std::size_t size = 0; size <= 300; ++size) {
    const Bytes content = random_bytes(size, random.next());
    for (const int bits : {0, 1, 2, 5, 8, 63}) {
      const std::uint64_t largest = ~std::uint64_t{0} >> bits;
      CHECK(candidates(content, largest, gear_scan) == candidates(content, largest, gear_scan_plain));
    }
  }
  const Bytes large = random_bytes(1 << 20, 2);
  CHECK(candidates(large, 0x0002'aaaa'aaaa'aaaaULL, gear_scan) == candidates(large, 0x0002'aaaa'aaaa'aaaaULL, gear_scan_plain));
}
