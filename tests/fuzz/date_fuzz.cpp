// Dates: whatever is understood lies in the years 0 to 9999, and is understood as the same once it was printed.
#include "base/date.h"
#include "fuzz/target.h"

namespace {

using namespace store;

constexpr std::int64_t k_now = 1'700'000'000;
constexpr std::int64_t k_year_0 = -62'167'219'200;
constexpr std::int64_t k_year_10000 = 253'402'300'800;

void date(ByteView input) {
  const std::string_view text = as_text(input);
  if (const auto zone = parse_zone(text)) fuzz::require(format_zone(*zone) == text);
  const auto time = parse_date(text, k_now);
  if (!time) return;
  fuzz::require(time->seconds >= k_year_0 && time->seconds < k_year_10000);
  fuzz::require(parse_date(format_utc(time->seconds), k_now) == Timestamp{time->seconds, 0});
  (void)format_local(time->seconds);
}

const fuzz::Enter k_date("date", date);

}  // namespace
