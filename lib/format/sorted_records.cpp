#include "format/sorted_records.h"

#include <algorithm>

namespace store {
namespace {

// Each takes the distance from n to about sqrt(n): three reach a neighbour among 10^8 records.
constexpr int k_interpolations = 3;

struct PackedKey {
  std::byte bytes[33];
  explicit PackedKey(const ObjectKey& key) {
    std::memcpy(bytes, key.id.bytes.data(), 32);
    bytes[32] = static_cast<std::byte>(key.type);
  }
};

/// Where in [0, span) a uniform value between low and high would stand.
std::size_t guess(std::uint64_t value, std::uint64_t low, std::uint64_t high, std::size_t span) {
  if (high <= low || value <= low) return 0;
  if (value >= high) return span - 1;
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>(static_cast<Wide>(value - low) * span / (static_cast<Wide>(high - low) + 1));
}

/// The answer lies in [first, last].
struct Search {
  const SortedRecords& records;
  PackedKey wanted;
  std::size_t first = 0;
  std::size_t last;
  bool below = false;  // what the newest probe said

  /// Narrows the range by the record at `index`; returns that record's first bytes.
  std::uint64_t probe(std::size_t index) {
    const std::byte* record = records.data + index * records.stride;
    below = std::memcmp(record, wanted.bytes, sizeof wanted.bytes) < 0;
    if (below)
      first = index + 1;
    else
      last = index;
    return load_u64(record);
  }
};

void interpolate(Search& search) {
  const std::uint64_t value = load_u64(search.wanted.bytes);
  std::uint64_t low = 0;
  std::uint64_t high = ~0ULL;
  for (int i = 0; i < k_interpolations && search.first < search.last; ++i) {
    const std::uint64_t seen = search.probe(search.first + guess(value, low, high, search.last - search.first));
    (search.below ? low : high) = seen;
  }
}

/// Doubling steps away from the newest probe: the answer is near it, the other end of the range is far.
void gallop(Search& search) {
  const bool upwards = search.below;
  for (std::size_t step = 1; search.below == upwards && search.last - search.first > step; step *= 2)
    search.probe(upwards ? search.first + step - 1 : search.last - step);
}

}  // namespace

std::size_t SortedRecords::lower_bound(const ObjectKey& key) const {
  Search search{.records = *this, .wanted = PackedKey(key), .last = count};
  interpolate(search);
  gallop(search);
  while (search.first < search.last) search.probe(search.first + (search.last - search.first) / 2);
  return search.first;
}

bool SortedRecords::equals(std::size_t index, const ObjectKey& key) const {
  return std::memcmp(data + index * stride, PackedKey(key).bytes, sizeof(PackedKey)) == 0;
}

}  // namespace store
