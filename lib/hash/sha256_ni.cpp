#include "hash/sha256_ni.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <utility>

#include "hash/sha256_avx512.h"

#define STORE_SHA_NI __attribute__((target("sha,sse4.1,ssse3")))
#define STORE_SHA_NI_INLINE __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

namespace store {
namespace {

constexpr std::size_t k_lanes = 3;
/// Fewer lanes are faster three by three (Sapphire Rapids).
constexpr std::size_t k_worth_avx512 = 10;

/// The instructions want the state a…h as the vectors (a b e f) and (c d g h).
struct Registers {
  __m128i abef, cdgh;
  __m128i words[4];
};

STORE_SHA_NI_INLINE __m128i swap_words(__m128i value) {
  return _mm_shuffle_epi8(value, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

STORE_SHA_NI_INLINE void load_state(Registers& r, const Sha256Lane& lane) {
  const auto* const halves = reinterpret_cast<const __m128i*>(lane.state.data());
  constexpr int swap_pairs = 0xb1, reverse = 0x1b, upper = 0xf0;
  const __m128i cdab = _mm_shuffle_epi32(_mm_load_si128(halves), swap_pairs);
  const __m128i efgh = _mm_shuffle_epi32(_mm_load_si128(halves + 1), reverse);
  r.abef = _mm_alignr_epi8(cdab, efgh, 8);
  r.cdgh = _mm_blend_epi16(efgh, cdab, upper);
}

STORE_SHA_NI_INLINE void store_state(const Registers& r, Sha256Lane& lane) {
  auto* const halves = reinterpret_cast<__m128i*>(lane.state.data());
  constexpr int swap_pairs = 0xb1, reverse = 0x1b, upper = 0xf0;
  const __m128i feba = _mm_shuffle_epi32(r.abef, reverse);
  const __m128i dchg = _mm_shuffle_epi32(r.cdgh, swap_pairs);
  _mm_store_si128(halves, _mm_blend_epi16(feba, dchg, upper));
  _mm_store_si128(halves + 1, _mm_alignr_epi8(dchg, feba, 8));
}

STORE_SHA_NI_INLINE void load_words(Registers& r, const std::byte* data) {
  for (int i = 0; i < 4; ++i) r.words[i] = swap_words(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data) + i));
}

/// Rounds 4·Quad … 4·Quad+3 and the part of the message schedule that is due by then.
template <std::size_t Quad>
STORE_SHA_NI_INLINE void four_rounds(Registers& r) {
  constexpr std::size_t now = Quad % 4, next = (Quad + 1) % 4, last = (Quad + 3) % 4;
  const auto* const constants = reinterpret_cast<const __m128i*>(k_sha256_round.data());
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
STORE_SHA_NI void advance(Sha256Lane* const* lanes, std::size_t blocks) {
  Registers r[Lanes];
  for (std::size_t i = 0; i < Lanes; ++i) load_state(r[i], *lanes[i]);
  for (std::size_t block = 0; block < blocks; ++block) {
    __m128i abef[Lanes], cdgh[Lanes];
    for (std::size_t i = 0; i < Lanes; ++i) {
      abef[i] = r[i].abef;
      cdgh[i] = r[i].cdgh;
      load_words(r[i], lanes[i]->data + block * k_sha256_block);
    }
    all_rounds(r, std::make_index_sequence<16>());
    for (std::size_t i = 0; i < Lanes; ++i) {
      r[i].abef = _mm_add_epi32(r[i].abef, abef[i]);
      r[i].cdgh = _mm_add_epi32(r[i].cdgh, cdgh[i]);
    }
  }
  for (std::size_t i = 0; i < Lanes; ++i) {
    store_state(r[i], *lanes[i]);
    lanes[i]->passed(blocks);
  }
}

std::size_t fewest_blocks(Sha256Lane* const* lanes, std::size_t count) {
  std::size_t blocks = lanes[0]->blocks;
  for (std::size_t i = 1; i < count; ++i) blocks = std::min(blocks, lanes[i]->blocks);
  return blocks;
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

void sha256_ni_batch(std::span<const ByteView> messages, std::span<ObjectId> ids, Sha256Wide wide) {
  const std::size_t most = wide == Sha256Wide::yes ? k_sha256_avx512_lanes : k_lanes;
  std::array<Sha256Lane, k_sha256_avx512_lanes> storage;
  std::array<Sha256Lane*, k_sha256_avx512_lanes> lanes;
  std::size_t started = 0, active = 0;
  for (; started < std::min(messages.size(), most); ++started) {
    lanes[active] = &storage[active];
    lanes[active++]->start(messages[started], started);
  }
  while (active > 0) {
    const std::size_t taken = active >= k_worth_avx512 ? active : std::min(active, k_lanes);
    const std::size_t blocks = fewest_blocks(lanes.data(), taken);
    if (taken > 3) sha256_avx512_advance(lanes.data(), taken, blocks);
    if (taken == 3) advance<3>(lanes.data(), blocks);
    if (taken == 2) advance<2>(lanes.data(), blocks);
    if (taken == 1) advance<1>(lanes.data(), blocks);
    for (std::size_t i = taken; i-- > 0;) {
      Sha256Lane& lane = *lanes[i];
      if (lane.blocks > 0) continue;
      if (lane.tail_blocks > 0) {
        lane.enter_tail();
        continue;
      }
      ids[lane.index] = lane.digest();
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
void sha256_ni_batch(std::span<const ByteView>, std::span<ObjectId>, Sha256Wide) {}

}  // namespace store

#endif
