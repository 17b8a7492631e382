// The frame of records in append-only logs (catalog, oplog, journal); private to format.
// docs/format.md "Log frames".
#pragma once

#include <optional>

#include "base/bytes.h"

namespace store {

inline constexpr std::size_t k_max_log_payload = 64u << 20;

/// magic (4 ASCII bytes) ‖ payload length u32 ‖ payload ‖ XXH3-64 of all before.
void append_log_frame(std::string_view magic, ByteView payload, Bytes& out);

struct LogFrame {
  ByteView payload;
  std::size_t size = 0;  // of the whole frame
};
/// The frame at the start of `bytes`, or nothing if there is no whole one whose checksum holds.
std::optional<LogFrame> read_log_frame(std::string_view magic, ByteView bytes);

/// Where the first whole frame begins, the size of `bytes` if there is none.
std::size_t find_log_frame(std::string_view magic, ByteView bytes);

/// For logs whose records are facts: nothing at a clean end; nothing and `torn` if no good frame follows the bad
/// one (a crash tore the last append); Error{corrupt} if one does.
std::optional<LogFrame> next_log_frame(std::string_view magic, ByteView bytes, bool& torn, std::string_view what);

}  // namespace store
