#include "hash/sha256_avx512.h"

#if defined(__x86_64__)

#include <immintrin.h>

// g++ 12 says so of its own intrinsics, falsely (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define STORE_AVX512 __attribute__((target("avx512f,avx512bw")))
#define STORE_AVX512_INLINE __attribute__((target("avx512f,avx512bw"), always_inline)) inline

namespace store {
namespace {

/// One word of each lane.
using Words = __m512i;

constexpr int k_xor = 0x96, k_choose = 0xca, k_majority = 0xe8;  // truth tables of three operands

/// Rows become columns.
STORE_AVX512_INLINE void transpose(Words (&row)[16]) {
  Words pair[16];
  for (int i = 0; i < 16; i += 2) {
    pair[i] = _mm512_unpacklo_epi32(row[i], row[i + 1]);
    pair[i + 1] = _mm512_unpackhi_epi32(row[i], row[i + 1]);
  }
  Words four[16];
  for (int i = 0; i < 16; i += 4) {
    four[i] = _mm512_unpacklo_epi64(pair[i], pair[i + 2]);
    four[i + 1] = _mm512_unpackhi_epi64(pair[i], pair[i + 2]);
    four[i + 2] = _mm512_unpacklo_epi64(pair[i + 1], pair[i + 3]);
    four[i + 3] = _mm512_unpackhi_epi64(pair[i + 1], pair[i + 3]);
  }
  constexpr int even = 0x88, odd = 0xdd;  // quarters of both operands
  for (int i = 0; i < 4; ++i) {
    const Words low_even = _mm512_shuffle_i32x4(four[i], four[i + 4], even);
    const Words low_odd = _mm512_shuffle_i32x4(four[i], four[i + 4], odd);
    const Words high_even = _mm512_shuffle_i32x4(four[i + 8], four[i + 12], even);
    const Words high_odd = _mm512_shuffle_i32x4(four[i + 8], four[i + 12], odd);
    row[i] = _mm512_shuffle_i32x4(low_even, high_even, even);
    row[i + 4] = _mm512_shuffle_i32x4(low_odd, high_odd, even);
    row[i + 8] = _mm512_shuffle_i32x4(low_even, high_even, odd);
    row[i + 12] = _mm512_shuffle_i32x4(low_odd, high_odd, odd);
  }
}

template <int First, int Second, int Third>
STORE_AVX512_INLINE Words rotate_three(Words word) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(word, First), _mm512_ror_epi32(word, Second), _mm512_ror_epi32(word, Third), k_xor);
}

template <int First, int Second, int Shift>
STORE_AVX512_INLINE Words rotate_two_and_shift(Words word) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(word, First), _mm512_ror_epi32(word, Second), _mm512_srli_epi32(word, Shift), k_xor);
}

/// FIPS 180-4, 6.2.2: one round, and the word that is due sixteen rounds later. The state turns instead of being moved.
template <std::size_t Round>
STORE_AVX512_INLINE void round(Words (&state)[8], Words (&word)[16]) {
  const auto turned = [](std::size_t letter) { return (letter + 64 - Round) % 8; };
  const Words a = state[turned(0)], b = state[turned(1)], c = state[turned(2)];
  const Words e = state[turned(4)], f = state[turned(5)], g = state[turned(6)];
  Words& now = word[Round % 16];
  Words& d = state[turned(3)];
  Words& h = state[turned(7)];
  const Words constant = _mm512_set1_epi32(static_cast<int>(k_sha256_round[Round]));
  const Words first = _mm512_add_epi32(_mm512_add_epi32(h, _mm512_add_epi32(constant, now)),
                                       _mm512_add_epi32(rotate_three<6, 11, 25>(e), _mm512_ternarylogic_epi32(e, f, g, k_choose)));
  const Words second = _mm512_add_epi32(rotate_three<2, 13, 22>(a), _mm512_ternarylogic_epi32(a, b, c, k_majority));
  d = _mm512_add_epi32(d, first);
  h = _mm512_add_epi32(first, second);
  if constexpr (Round < 48) {
    const Words low = rotate_two_and_shift<7, 18, 3>(word[(Round + 1) % 16]);
    const Words high = rotate_two_and_shift<17, 19, 10>(word[(Round + 14) % 16]);
    now = _mm512_add_epi32(_mm512_add_epi32(now, low), _mm512_add_epi32(word[(Round + 9) % 16], high));
  }
}

template <std::size_t... Round>
STORE_AVX512_INLINE void all_rounds(Words (&state)[8], Words (&word)[16], std::index_sequence<Round...>) {
  (round<Round>(state, word), ...);
}

STORE_AVX512_INLINE void load_block(Words (&word)[16], const std::byte* const (&data)[16], std::size_t offset) {
  const Words swap = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
  for (int i = 0; i < 16; ++i) word[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(data[i] + offset), swap);
  transpose(word);
}

}  // namespace

bool sha256_avx512_available() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"); }

bool sha256_avx512_preferred() { return sha256_avx512_available() && __builtin_cpu_is("intel"); }

STORE_AVX512 void sha256_avx512_advance(Sha256Lane* const* lanes, std::size_t count, std::size_t blocks) {
  alignas(64) std::uint32_t letters[8][k_sha256_avx512_lanes] = {};
  const std::byte* data[k_sha256_avx512_lanes];
  for (std::size_t i = 0; i < k_sha256_avx512_lanes; ++i) {
    const Sha256Lane& lane = *lanes[i < count ? i : 0];  // what is too many hashes the first once more
    data[i] = lane.data;
    for (std::size_t letter = 0; letter < 8; ++letter) letters[letter][i] = lane.state[letter];
  }
  Words state[8];
  for (int letter = 0; letter < 8; ++letter) state[letter] = _mm512_load_si512(letters[letter]);
  for (std::size_t block = 0; block < blocks; ++block) {
    Words word[16];
    load_block(word, data, block * k_sha256_block);
    Words before[8];
    for (int letter = 0; letter < 8; ++letter) before[letter] = state[letter];
    all_rounds(state, word, std::make_index_sequence<64>());
    for (int letter = 0; letter < 8; ++letter) state[letter] = _mm512_add_epi32(state[letter], before[letter]);
  }
  for (int letter = 0; letter < 8; ++letter) _mm512_store_si512(letters[letter], state[letter]);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t letter = 0; letter < 8; ++letter) lanes[i]->state[letter] = letters[letter][i];
    lanes[i]->passed(blocks);
  }
}

}  // namespace store

#else

namespace store {

bool sha256_avx512_available() { return false; }
bool sha256_avx512_preferred() { return false; }
void sha256_avx512_advance(Sha256Lane* const*, std::size_t, std::size_t) {}

}  // namespace store

#endif
