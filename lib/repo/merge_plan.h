#pragma once

#include <vector>

#include "repo/catalog.h"

namespace store {

inline constexpr std::uint64_t k_merge_limit = 64u << 20;  // larger packs are left to gc
inline constexpr std::size_t k_merge_fan_in = 8;
inline constexpr std::size_t k_max_small_packs = 24;

/// Size tier of a pack: floor(log8(bytes)).
int merge_tier(std::uint64_t bytes);

/// The packs to rewrite as one now, in catalog order; none if they are few. When a tier has 8 packs it is
/// merged with everything smaller, so a byte is rewritten about once per tier (×8 of growth); a tier that the
/// result would fill is taken along, so a cascade writes once. Over 24 small packs of mixed sizes, the
/// smallest tiers that have 8 are merged. Damaged and unverified packs, and those with half a pack's objects,
/// stay out. Pure.
std::vector<CatalogPack> choose_packs_to_merge(const CatalogState& catalog);

}  // namespace store
