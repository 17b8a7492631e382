#pragma once

#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/object_id.h"

namespace store {

/// The recipe of a large file, and the SHA-256 of its whole content.
using ContentHash = std::pair<ObjectId, ObjectId>;

/// More are not remembered: 16 MiB.
inline constexpr std::size_t k_max_content_hashes = 262'144;

/// The file `hashes`, derived: what `manifest` computed before. docs/format.md "Hashes".
/// Error{bug} unless the recipes ascend.
Bytes encode_content_hashes(const std::vector<ContentHash>& hashes);
/// Error{corrupt} for anything else, also recipes that do not ascend.
std::vector<ContentHash> decode_content_hashes(ByteView bytes);

}  // namespace store
