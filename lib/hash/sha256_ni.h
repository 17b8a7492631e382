#pragma once

#include <span>

#include "base/bytes.h"
#include "base/object_id.h"

namespace store {

/// True if this processor has the instructions that sha256_ni_batch() uses.
bool sha256_ni_available();

/// Whether many messages go through 512-bit registers.
enum class Sha256Wide : bool { no, yes };

/// sha256_batch() with SHA-NI (Intel SHA Extensions), three messages at a time: a round instruction has a latency of
/// four cycles, so that one stream leaves half of the unit idle (Zen 5 at 3.9 GHz: one 1.9 GB/s, three 3.1, where
/// the unit is the limit). Call it only if sha256_ni_available(), and `wide` only if
/// sha256_avx512_available(); sizes must be equal.
void sha256_ni_batch(std::span<const ByteView> messages, std::span<ObjectId> ids, Sha256Wide wide);

}  // namespace store
