#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace store {
namespace {

constexpr std::uint64_t k_small_files = std::uint64_t{1} << 20;
constexpr std::uint64_t k_medium_files = std::uint64_t{100} << 20;
constexpr std::uint64_t k_huge_files = std::uint64_t{10} << 30;

constexpr std::array k_classes{SizeClass::small, SizeClass::medium, SizeClass::large, SizeClass::huge};

}  // namespace

SizeClass ChunkingSettings::class_of(std::uint64_t file_size) const {
  const std::uint64_t set_small = small_file_threshold.value_or(0),
                      set_medium = medium_file_threshold.value_or(0);
  const std::uint64_t huge =
      huge_file_threshold.value_or(std::max({k_huge_files, set_small + 1, set_medium + 1}));
  const std::uint64_t medium =
      medium_file_threshold.value_or(std::clamp(k_medium_files, set_small, std::max(huge - 1, set_small)));
  const std::uint64_t small = small_file_threshold.value_or(std::min(k_small_files, medium));
  if (file_size >= huge) return SizeClass::huge;
  if (file_size <= small) return SizeClass::small;
  return file_size <= medium ? SizeClass::medium : SizeClass::large;
}

ChunkBounds ChunkingSettings::bounds_of(SizeClass size_class) const {
  const std::optional<std::uint64_t>& own = size_class == SizeClass::small    ? small_file_chunk_size
                                            : size_class == SizeClass::medium ? medium_file_chunk_size
                                            : size_class == SizeClass::large  ? large_file_chunk_size
                                                                              : huge_file_chunk_size;
  const std::uint64_t average = own.value_or(avg);
  return {average, min.value_or(average / 8 * 5), max.value_or(average * 2)};
}

std::uint64_t PerformanceSettings::block_cache_bytes() const {
  const std::uint64_t limit = max_memory_usage / 4;
  return std::min(limit, std::min(chunk_cache_size, limit) + std::min(file_cache_size, limit));
}

std::optional<SettingsFault> find_fault(const ChunkingSettings& chunking) {
  for (const SizeClass size_class : k_classes) {
    const ChunkBounds bounds = chunking.bounds_of(size_class);
    if (bounds.minimum < bounds.maximum) continue;
    return SettingsFault{chunking.min ? "chunking.min" : "chunking.max",
                         fmt::format("chunks of average {} would have minimum {}, not below their maximum {}",
                                     bounds.average, bounds.minimum, bounds.maximum)};
  }
  const std::uint64_t small = chunking.small_file_threshold.value_or(0);
  const std::uint64_t medium = chunking.medium_file_threshold.value_or(small);
  if (medium < small)
    return SettingsFault{"chunking.medium_file_threshold",
                         fmt::format("{} is below small_file_threshold {}", medium, small)};
  if (chunking.huge_file_threshold && *chunking.huge_file_threshold <= medium)
    return SettingsFault{"chunking.huge_file_threshold",
                         fmt::format("{} is not above the threshold {} of smaller files",
                                     *chunking.huge_file_threshold, medium)};
  return std::nullopt;
}

}  // namespace store
