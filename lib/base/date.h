#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace store {

/// A point in time as commits record it: seconds since the epoch and the zone it was written in.
struct Timestamp {
  std::int64_t seconds = 0;
  int zone_minutes = 0;  // east of UTC, -1439 … 1439
  auto operator<=>(const Timestamp&) const = default;
};

/// "+0200" of 120 and back; nothing if malformed or "-0000".
std::string format_zone(int minutes);
std::optional<int> parse_zone(std::string_view text);

/// DATE of the cli contract: RFC 3339, @SECONDS (zone +0000), YYYY-MM-DD[ HH:MM[:SS]], "2 hours ago" (seconds
/// to years), "yesterday" (24 hours ago, as git), "today" (its first second), "now". Without an offset the
/// local zone holds. `now_seconds` anchors relative dates. Nothing if malformed or outside the years 0 to
/// 9999.
std::optional<Timestamp> parse_date(std::string_view text, std::int64_t now_seconds);

/// The local zone's offset at a time, in minutes.
int local_zone_minutes(std::int64_t seconds);
/// RFC 3339 in UTC: "2024-05-01T12:00:00Z".
std::string format_utc(std::int64_t seconds);
/// For people: "2024-05-01 14:00:00 +0200" in the local zone.
std::string format_local(std::int64_t seconds);

}  // namespace store
