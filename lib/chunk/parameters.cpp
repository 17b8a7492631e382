#include <fmt/format.h>

#include <bit>
#include <limits>

#include "base/error.h"
#include "chunk/chunker.h"

namespace store {
namespace {

constexpr std::uint64_t k_smallest_average = 4u << 10;
constexpr std::uint64_t k_largest_average = 4u << 20;

}  // namespace

ChunkParameters ChunkParameters::for_average(std::uint64_t average, std::optional<std::uint64_t> min,
                                             std::optional<std::uint64_t> max) {
  if (average < k_smallest_average || average > k_largest_average || !std::has_single_bit(average))
    throw Error(ErrorKind::usage,
                fmt::format("chunk average {}: not a power of two from 4 KiB to 4 MiB", average));
  const std::uint64_t smallest = min.value_or(average / 8 * 5);
  const std::uint64_t largest = max.value_or(average * 2);
  if (smallest < k_gear_window || smallest >= largest || largest > k_chunk_limit)
    throw Error(ErrorKind::usage, fmt::format("chunk sizes {} to {}: need {} <= min < max <= {}", smallest,
                                              largest, k_gear_window, k_chunk_limit));
  return {.min = static_cast<std::uint32_t>(smallest),
          .max = static_cast<std::uint32_t>(largest),
          .threshold = std::numeric_limits<std::uint64_t>::max() / (average / 8 * 3)};
}

}  // namespace store
