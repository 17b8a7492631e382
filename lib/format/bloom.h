// Blocked Bloom filter over ids: a probe touches one 64-byte line; private to format. docs/format.md "Tables".
#pragma once

#include "base/object_id.h"

namespace store {

inline constexpr std::size_t k_bloom_line = 64;
inline constexpr std::uint64_t k_bloom_bits_per_entry = 12;

/// Lines for that many entries: none for none.
std::uint64_t bloom_lines(std::uint64_t entries);
/// `filter` holds whole lines, at least one. Ids are uniform, so line and bits come from the id's own bytes.
void bloom_add(MutableByteView filter, const ObjectId& id);
/// False: not among the added ones. True: maybe (about 1 in 150 of the others).
bool bloom_may_contain(ByteView filter, const ObjectId& id);

}  // namespace store
