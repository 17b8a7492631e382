#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace store {

/// XXH3-64 with seed 0: the checksum of every on-disk record (not of identity).
std::uint64_t xxh3(ByteView bytes);

}  // namespace store
