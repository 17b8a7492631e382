#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace store::testing {

/// SplitMix64 (Steele, Lea, Flood 2014): the generator of the published vectors; the same everywhere.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform enough in [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + next() % (high - low + 1); }

 private:
  std::uint64_t state_;
};

/// SplitMix64's words, little-endian, one after the other.
inline Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  SplitMix64 random(seed);
  Bytes bytes(size);
  for (std::size_t i = 0; i < size;) {
    std::uint64_t word = random.next();
    for (int k = 0; k < 8 && i < size; ++k, word >>= 8) bytes[i++] = static_cast<std::byte>(word & 0xff);
  }
  return bytes;
}

}  // namespace store::testing
