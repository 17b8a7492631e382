#include "base/date.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <limits>
#include <string>

using namespace store;

namespace {

constexpr std::int64_t k_minute = 60, k_hour = 60 * k_minute, k_day = 24 * k_hour;
constexpr std::int64_t k_may = 1714521600;  // 2024-05-01T00:00:00Z

/// The local zone for one test; the old one comes back at its end.
class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* old = std::getenv("TZ")) old_ = old;
    set(name);
  }
  ~Zone() { old_.empty() ? static_cast<void>(::unsetenv("TZ")) : set(old_.c_str()), ::tzset(); }

 private:
  static void set(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  std::string old_;
};

// Spelt out, so that no zone files are needed: central Europe, and half an hour beside UTC's hours.
constexpr char k_berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";
constexpr char k_marquesas[] = "MART9:30";

void check_date(std::string_view text, std::int64_t seconds, int zone) {
  const std::optional<Timestamp> time = parse_date(text, k_may);
  REQUIRE_MESSAGE(time.has_value(), text);
  CHECK_MESSAGE(time->seconds == seconds, text);
  CHECK_MESSAGE(time->zone_minutes == zone, text);
}

}  // namespace

TEST_CASE("zones are written as +hhmm and read back") {
  for (const int minutes : {0, 1, -1, 120, -210, 1439, -1439})
    CHECK(parse_zone(format_zone(minutes)) == minutes);
  CHECK(format_zone(120) == "+0200");
  CHECK(format_zone(-570) == "-0930");
  CHECK(format_zone(0) == "+0000");
  for (const char* text : {"", "-0000", "0200", "+200", "+02:00", "+2400", "+0060", "+02000", "Z", "+ 200"})
    CHECK_MESSAGE(parse_zone(text) == std::nullopt, text);
}

TEST_CASE("an RFC 3339 date keeps the offset that it was written with") {
  const Zone zone(k_berlin);
  check_date("2024-05-01T00:00:00Z", k_may, 0);
  check_date("2024-05-01t02:00:00+02:00", k_may, 120);
  check_date("2024-04-30 14:30:00 -0930", k_may, -570);
  check_date("2024-05-01T00:00:00.999Z", k_may, 0);
  check_date("2024-05-01T00:00Z", k_may, 0);
  check_date("2024-05-01T00:00:00-00:00", k_may, 0);
  check_date("2016-12-31T23:59:60Z", 1483228800, 0);
  check_date("1969-12-31T23:59:59Z", -1, 0);
  check_date("0000-01-01T00:00:00Z", -62167219200, 0);
  check_date("9999-12-31T23:59:59Z", 253402300799, 0);
}

TEST_CASE("seconds since the epoch are recorded in zone +0000 whatever the local zone") {
  const Zone zone(k_berlin);
  check_date("@0", 0, 0);
  check_date("@1714521600", k_may, 0);
  check_date("@-5", -5, 0);
}

TEST_CASE("a date without an offset is local, and a missing time is midnight") {
  const Zone zone(k_berlin);
  check_date("2024-05-01", k_may - 2 * k_hour, 120);
  check_date("2024-05-01 12:34", k_may + 10 * k_hour + 34 * k_minute, 120);
  check_date("2024-05-01 12:34:56", k_may + 10 * k_hour + 34 * k_minute + 56, 120);
  check_date("2024-01-15T00:00:00", 1705276800 - k_hour, 60);
  check_date("1970-01-01 00:59:59", -1, 60);  // mktime's error value is a time as well
}

TEST_CASE("relative dates are anchored at now and recorded in the local zone") {
  const Zone zone(k_marquesas);
  check_date("now", k_may, -570);
  check_date("yesterday", k_may - k_day, -570);
  check_date("today", k_may - 14 * k_hour - 30 * k_minute, -570);
  check_date("1 second ago", k_may - 1, -570);
  check_date("90 minutes ago", k_may - 90 * k_minute, -570);
  check_date("2 hours ago", k_may - 2 * k_hour, -570);
  check_date("2.hours.ago", k_may - 2 * k_hour, -570);
  check_date("3 days ago", k_may - 3 * k_day, -570);
  check_date("1 week ago", k_may - 7 * k_day, -570);
  check_date("0 days ago", k_may, -570);
}

TEST_CASE("months and years go back in the calendar, to the last day of a shorter month") {
  const Zone zone("UTC0");
  const std::int64_t leap_day = parse_date("2024-02-29T12:00:00Z", 0)->seconds;
  CHECK(format_utc(parse_date("1 year ago", leap_day)->seconds) == "2023-02-28T12:00:00Z");
  CHECK(format_utc(parse_date("4 years ago", leap_day)->seconds) == "2020-02-29T12:00:00Z");
  const std::int64_t end_of_march = parse_date("2024-03-31T12:00:00Z", 0)->seconds;
  CHECK(format_utc(parse_date("1 month ago", end_of_march)->seconds) == "2024-02-29T12:00:00Z");
  CHECK(format_utc(parse_date("15 months ago", end_of_march)->seconds) == "2022-12-31T12:00:00Z");
}

TEST_CASE("malformed dates are refused") {
  for (const char* text : {"",
                           " ",
                           "2024",
                           "2024-5-1",
                           "2024-13-01",
                           "2024-00-10",
                           "2024-02-30",
                           "2023-02-29",
                           "2024-05-01T",
                           "2024-05-01 24:00",
                           "2024-05-01 12:60",
                           "2024-05-01 12:00:61",
                           "2024-05-01 12",
                           "2024-05-01T12:00:00+24:00",
                           "2024-05-01T12:00:00+2",
                           "2024-05-01T12:00:00ZZ",
                           "2024-05-01T12:00:00.Z",
                           "2024-05-01x",
                           " 2024-05-01",
                           "2024-05-01Z",
                           "@",
                           "@1.5",
                           "@1e9",
                           "@--1",
                           "@253402300800",
                           "@99999999999999999999",
                           "two hours ago",
                           "2 parsecs ago",
                           "-2 hours ago",
                           "2 hours",
                           "ago",
                           "2 ago",
                           "99999999999999999999 days ago",
                           "9999999 years ago",
                           "3000 years ago",
                           "tomorrow",
                           "Yesterday?"})
    CHECK_MESSAGE(parse_date(text, k_may) == std::nullopt, text);
}

TEST_CASE("times are shown in UTC and in the local zone") {
  const Zone zone(k_berlin);
  CHECK(format_utc(k_may) == "2024-05-01T00:00:00Z");
  CHECK(format_utc(-1) == "1969-12-31T23:59:59Z");
  CHECK(format_local(k_may) == "2024-05-01 02:00:00 +0200");
  CHECK(local_zone_minutes(k_may) == 120);
  CHECK(local_zone_minutes(1705276800) == 60);
  CHECK(format_utc(std::numeric_limits<std::int64_t>::max()) == "@9223372036854775807");
}
