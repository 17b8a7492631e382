#include "repo/merge_plan.h"

#include <algorithm>
#include <array>
#include <bit>

#include "format/pack.h"

namespace store {
namespace {

constexpr int k_tiers = 22;  // of any 64-bit size

/// What lies in the tiers up to each one.
struct Tiers {
  std::array<std::size_t, k_tiers> packs{};
  std::array<std::uint64_t, k_tiers> bytes{};
};

bool is_small(const CatalogPack& pack) {
  return pack.size <= k_merge_limit && pack.objects < k_pack_object_limit / 2 && pack.flags == 0;
}

Tiers count_tiers(const CatalogState& catalog) {
  Tiers tiers;
  for (const CatalogState::Pack& pack : catalog.packs) {
    if (!is_small(pack.pack)) continue;
    const auto tier = static_cast<std::size_t>(merge_tier(pack.pack.size));
    ++tiers.packs[tier];
    tiers.bytes[tier] += pack.pack.size;
  }
  return tiers;
}

/// The highest tier to merge, or -1.
int choose_tier(const Tiers& tiers) {
  int chosen = -1;
  std::size_t all = 0;
  for (int tier = 0; tier < k_tiers; ++tier) {
    const std::size_t packs = tiers.packs[static_cast<std::size_t>(tier)];
    if (packs >= k_merge_fan_in) chosen = tier;
    all += packs;
  }
  if (chosen >= 0 || all <= k_max_small_packs) return chosen;
  std::size_t below = 0;
  while (below < k_merge_fan_in) below += tiers.packs[static_cast<std::size_t>(++chosen)];
  return chosen;
}

/// Goes up while the merged pack would be the 8th of its tier.
int follow_cascade(const Tiers& tiers, int tier) {
  for (;;) {
    std::uint64_t bytes = 0;
    for (int i = 0; i <= tier; ++i) bytes += tiers.bytes[static_cast<std::size_t>(i)];
    const int result = merge_tier(bytes);
    if (bytes > k_merge_limit || result <= tier) return tier;
    if (tiers.packs[static_cast<std::size_t>(result)] + 1 < k_merge_fan_in) return tier;
    tier = result;
  }
}

}  // namespace

int merge_tier(std::uint64_t bytes) {
  return bytes == 0 ? 0 : (static_cast<int>(std::bit_width(bytes)) - 1) / 3;
}

std::vector<CatalogPack> choose_packs_to_merge(const CatalogState& catalog) {
  const Tiers tiers = count_tiers(catalog);
  const int chosen = choose_tier(tiers);
  if (chosen < 0) return {};
  const int highest = follow_cascade(tiers, chosen);
  std::vector<CatalogPack> packs;
  for (const CatalogState::Pack& pack : catalog.packs)
    if (is_small(pack.pack) && merge_tier(pack.pack.size) <= highest) packs.push_back(pack.pack);
  return packs;
}

}  // namespace store
