#include "hash/sha256_ni.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <utility>

#define STORE_SHA_NI __attribute__((target("sha,sse4.1,ssse3")))
#define STORE_SHA_NI_INLINE __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

namespace store {
namespace {

constexpr std::size_t k_block = 64;
constexpr std::size_t k_length_field = 8;
constexpr std::size_t k_lanes = 3;

alignas(16) constexpr std::array<std::uint32_t, 64> k_round = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// One message on its way: its whole blocks in place, then its end with the padding from `tail`.
/// The instructions want the state a…h as the vectors (a b e f) and (c d g h).
struct Lane {
  __m128i abef, cdgh;
  const std::byte* data;
  std::size_t blocks;
  std::size_t tail_blocks;  // 0 once they are what `data` points at
  std::size_t index;
  std::array<std::byte, 2 * k_block> tail;

  void start(ByteView message, std::size_t message_index) {
    abef = _mm_set_epi32(0x6a09e667, static_cast<int>(0xbb67ae85), 0x510e527f, static_cast<int>(0x9b05688c));
    cdgh = _mm_set_epi32(0x3c6ef372, static_cast<int>(0xa54ff53a), 0x1f83d9ab, 0x5be0cd19);
    index = message_index;
    data = message.data();
    blocks = message.size() / k_block;
    const std::size_t rest = message.size() % k_block;
    tail_blocks = rest + 1 + k_length_field <= k_block ? 1 : 2;
    tail = {};
    std::copy_n(message.data() + blocks * k_block, rest, tail.data());
    tail[rest] = std::byte{0x80};
    store_u64(tail.data() + tail_blocks * k_block - k_length_field, std::uint64_t{message.size()} * 8);
    if (blocks == 0) enter_tail();
  }
  void enter_tail() {
    data = tail.data();
    blocks = std::exchange(tail_blocks, 0);
  }
};

struct Registers {
  __m128i abef, cdgh;
  __m128i words[4];
};

STORE_SHA_NI_INLINE __m128i swap_words(__m128i value) {
  return _mm_shuffle_epi8(value, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

STORE_SHA_NI_INLINE void load_block(Registers& r, const Lane& lane) {
  r.abef = lane.abef;
  r.cdgh = lane.cdgh;
  for (int i = 0; i < 4; ++i)
    r.words[i] = swap_words(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lane.data) + i));
}

/// Rounds 4·Quad … 4·Quad+3 and the part of the message schedule that is due by then.
template <std::size_t Quad>
STORE_SHA_NI_INLINE void four_rounds(Registers& r) {
  constexpr std::size_t now = Quad % 4, next = (Quad + 1) % 4, last = (Quad + 3) % 4;
  const auto* const constants = reinterpret_cast<const __m128i*>(k_round.data());
  const __m128i sum = _mm_add_epi32(r.words[now], _mm_load_si128(constants + Quad));
  r.cdgh = _mm_sha256rnds2_epu32(r.cdgh, r.abef, sum);
  if constexpr (Quad >= 3 && Quad < 15) {
    const __m128i carried = _mm_alignr_epi8(r.words[now], r.words[last], 4);
    r.words[next] = _mm_sha256msg2_epu32(_mm_add_epi32(r.words[next], carried), r.words[now]);
  }
  r.abef = _mm_sha256rnds2_epu32(r.abef, r.cdgh, _mm_shuffle_epi32(sum, 0x0e));
  if constexpr (Quad >= 1 && Quad < 13) r.words[last] = _mm_sha256msg1_epu32(r.words[last], r.words[now]);
}

template <std::size_t Quad, std::size_t Lanes>
STORE_SHA_NI_INLINE void four_rounds_of_all(Registers (&r)[Lanes]) {
  four_rounds<Quad>(r[0]);
  if constexpr (Lanes > 1) four_rounds<Quad>(r[1]);
  if constexpr (Lanes > 2) four_rounds<Quad>(r[2]);
}

template <std::size_t Lanes, std::size_t... Quad>
STORE_SHA_NI_INLINE void all_rounds(Registers (&r)[Lanes], std::index_sequence<Quad...>) {
  (four_rounds_of_all<Quad>(r), ...);
}

/// Takes the next `blocks` blocks of the first `Lanes` lanes.
template <std::size_t Lanes>
STORE_SHA_NI void advance(Lane* const* lanes, std::size_t blocks) {
  Registers r[Lanes];
  for (std::size_t block = 0; block < blocks; ++block) {
    for (std::size_t i = 0; i < Lanes; ++i) load_block(r[i], *lanes[i]);
    all_rounds(r, std::make_index_sequence<16>());
    for (std::size_t i = 0; i < Lanes; ++i) {
      lanes[i]->abef = _mm_add_epi32(lanes[i]->abef, r[i].abef);
      lanes[i]->cdgh = _mm_add_epi32(lanes[i]->cdgh, r[i].cdgh);
      lanes[i]->data += k_block;
    }
  }
  for (std::size_t i = 0; i < Lanes; ++i) lanes[i]->blocks -= blocks;
}

STORE_SHA_NI ObjectId digest_of(const Lane& lane) {
  ObjectId id;
  auto* const out = reinterpret_cast<__m128i*>(id.bytes.data());
  constexpr int swap_pairs = 0xb1;
  const __m128i badc = _mm_unpackhi_epi64(lane.abef, lane.cdgh);
  const __m128i fehg = _mm_unpacklo_epi64(lane.abef, lane.cdgh);
  _mm_storeu_si128(out, swap_words(_mm_shuffle_epi32(badc, swap_pairs)));
  _mm_storeu_si128(out + 1, swap_words(_mm_shuffle_epi32(fehg, swap_pairs)));
  return id;
}

}  // namespace

bool sha256_ni_available() {
  static const bool available = [] {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return false;
    const bool sse = (ecx & bit_SSSE3) != 0 && (ecx & bit_SSE4_1) != 0;
    return sse && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & bit_SHA) != 0;
  }();
  return available;
}

void sha256_ni_batch(std::span<const ByteView> messages, std::span<ObjectId> ids) {
  std::array<Lane, k_lanes> storage;
  std::array<Lane*, k_lanes> lanes;
  std::size_t started = 0, active = 0;
  for (; started < std::min(messages.size(), k_lanes); ++started) {
    lanes[active] = &storage[active];
    lanes[active++]->start(messages[started], started);
  }
  while (active > 0) {
    std::size_t blocks = lanes[0]->blocks;
    for (std::size_t i = 1; i < active; ++i) blocks = std::min(blocks, lanes[i]->blocks);
    if (active == 3) advance<3>(lanes.data(), blocks);
    if (active == 2) advance<2>(lanes.data(), blocks);
    if (active == 1) advance<1>(lanes.data(), blocks);
    for (std::size_t i = active; i-- > 0;) {
      Lane& lane = *lanes[i];
      if (lane.blocks > 0) continue;
      if (lane.tail_blocks > 0) {
        lane.enter_tail();
        continue;
      }
      ids[lane.index] = digest_of(lane);
      if (started < messages.size()) {
        lane.start(messages[started], started);
        ++started;
      } else {
        lanes[i] = lanes[--active];
      }
    }
  }
}

}  // namespace store

#else

namespace store {

bool sha256_ni_available() { return false; }
void sha256_ni_batch(std::span<const ByteView>, std::span<ObjectId>) {}

}  // namespace store

#endif
