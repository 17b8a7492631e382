#pragma once

#include "hash/sha256_lane.h"

namespace store {

inline constexpr std::size_t k_sha256_avx512_lanes = 16;

/// True if this processor has what sha256_avx512_advance() uses: AVX-512 F and BW.
bool sha256_avx512_available();
/// True if it is better off with that than with SHA-NI. Intel's SHA unit gives
/// three streams little more than one (Sapphire Rapids: OpenSSL 1.1 GB/s, three with SHA-NI 1.55, sixteen here 2.5); that of
/// Zen 4 is faster than its 512-bit arithmetic (4.2 beside 3.5), and on Zen 5 three streams give 3.1.
bool sha256_avx512_preferred();

/// Takes the next `blocks` blocks of the first `count` lanes, at most sixteen: each 32-bit part of a register belongs to one of them. It
/// takes the same time for one as for all.
void sha256_avx512_advance(Sha256Lane* const* lanes, std::size_t count, std::size_t blocks);

}  // namespace store
