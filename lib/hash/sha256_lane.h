// One message on its way through the kernels of SHA-256; private to hash.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/object_id.h"

namespace store {

inline constexpr std::size_t k_sha256_block = 64;

/// FIPS 180-4, 4.2.2.
alignas(64) inline constexpr std::array<std::uint32_t, 64> k_sha256_round = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// Its whole blocks in place, then its end with the padding from `tail`.
struct Sha256Lane {
  alignas(16) std::array<std::uint32_t, 8> state;  // a … h
  const std::byte* data;
  std::size_t blocks;
  std::size_t tail_blocks;  // 0 once they are what `data` points at
  std::size_t index;        // of the message
  std::array<std::byte, 2 * k_sha256_block> tail;

  void start(ByteView message, std::size_t message_index) {
    constexpr std::size_t length_field = 8;
    state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    index = message_index;
    data = message.data();
    blocks = message.size() / k_sha256_block;
    const std::size_t rest = message.size() % k_sha256_block;
    tail_blocks = rest + 1 + length_field <= k_sha256_block ? 1 : 2;
    tail = {};
    std::copy_n(message.data() + blocks * k_sha256_block, rest, tail.data());
    tail[rest] = std::byte{0x80};
    store_u64(tail.data() + tail_blocks * k_sha256_block - length_field, std::uint64_t{message.size()} * 8);
    if (blocks == 0) enter_tail();
  }
  void enter_tail() {
    data = tail.data();
    blocks = std::exchange(tail_blocks, 0);
  }
  void passed(std::size_t count) {
    data += count * k_sha256_block;
    blocks -= count;
  }
  ObjectId digest() const {
    ObjectId id;
    for (std::size_t i = 0; i < state.size(); ++i) store_u32(id.bytes.data() + 4 * i, state[i]);
    return id;
  }
};

}  // namespace store
