#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "chunk/chunker.h"

namespace store::testing {

/// gear64-skip v1 word for word from docs/format.md, slow and without streaming: what Chunker is compared
/// with.
inline std::vector<std::uint64_t> naive_cuts(const ChunkParameters& parameters, ByteView bytes) {
  std::vector<std::uint64_t> hashes(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i)
    hashes[i] = (i > 0 ? 2 * hashes[i - 1] : 0) + gear_table()[std::to_integer<std::size_t>(bytes[i])];

  const auto below = [&](std::uint64_t hash, int level) {
    return hash < static_cast<unsigned __int128>(parameters.threshold) << level;
  };
  const auto chunk_size = [&](std::uint64_t start) -> std::uint64_t {
    const std::uint64_t rem = bytes.size() - start;
    if (rem <= parameters.min) return rem;
    const std::uint64_t m = std::min<std::uint64_t>(rem, parameters.max);
    std::array<std::uint64_t, k_fallback_levels + 1> latest{};
    for (std::uint64_t i = parameters.min; i < m; ++i) {
      const std::uint64_t hash = hashes[start + i];
      if (below(hash, 0)) return i + 1;
      for (int level = 1; level <= k_fallback_levels; ++level)
        if (below(hash, level)) {
          latest[static_cast<std::size_t>(level)] = i;
          break;
        }
    }
    if (rem >= parameters.max)
      for (const std::uint64_t i : latest)
        if (i != 0) return i + 1;
    return m;
  };

  std::vector<std::uint64_t> cuts;
  for (std::uint64_t at = 0; at < bytes.size();) cuts.push_back(at += chunk_size(at));
  return cuts;
}

}  // namespace store::testing
