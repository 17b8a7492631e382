// Search in an array of fixed-size records that start with id (32 bytes) and type (1 byte), ascending by these 33
// bytes; private to format.
#pragma once

#include "base/object_id.h"

namespace store {

/// A view of `count` records of `stride` bytes; the bytes must cover them.
struct SortedRecords {
  const std::byte* data = nullptr;
  std::size_t count = 0;
  std::size_t stride = 0;

  /// Index of the first record whose key is not below `key`. Ids are uniform, so it interpolates, gallops
  /// from there and halves the rest: few probes, most in one page, and O(log n) on any content.
  std::size_t lower_bound(const ObjectKey& key) const;
  bool equals(std::size_t index, const ObjectKey& key) const;
};

}  // namespace store
