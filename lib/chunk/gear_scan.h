// The scan for candidates; private to chunk.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace store {

/// Rolls the gear hash over `bytes` up to and including the first one whose hash is at most `largest`; returns how many bytes were
/// rolled over, which is bytes.size() also when there is no such byte: the caller looks at the hash. Any thread.
std::size_t gear_scan(std::uint64_t& hash, ByteView bytes, std::uint64_t largest);

/// The same byte by byte, as docs/format.md "Chunking" has it: the reference of gear_scan().
std::size_t gear_scan_plain(std::uint64_t& hash, ByteView bytes, std::uint64_t largest);

}  // namespace store
