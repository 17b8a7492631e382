#include "base/date.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>
#include <vector>

namespace store {
namespace {

// Years 0 to 9999: what RFC 3339 can write.
constexpr std::int64_t k_min_seconds = -62'167'219'200;
constexpr std::int64_t k_max_seconds = 253'402'300'799;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes fixed-width fields off the front of a text; each returns whether it was there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool at_digit() const { return !rest_.empty() && is_digit(rest_[0]); }
  bool skip(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool number(std::size_t width, int& out) {
    if (rest_.size() < width || !std::all_of(rest_.begin(), rest_.begin() + width, is_digit)) return false;
    out = 0;
    for (const char c : rest_.substr(0, width)) out = out * 10 + (c - '0');
    rest_.remove_prefix(width);
    return true;
  }
  char peek() const { return rest_.empty() ? '\0' : rest_[0]; }

 private:
  std::string_view rest_;
};

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

std::optional<Timestamp> in_range(std::int64_t seconds, int zone) {
  if (seconds < k_min_seconds || seconds > k_max_seconds) return std::nullopt;
  return Timestamp{seconds, zone};
}

std::optional<Timestamp> at_local(std::int64_t seconds) {
  if (!in_range(seconds, 0)) return std::nullopt;
  return Timestamp{seconds, local_zone_minutes(seconds)};
}

/// Seconds of a wall-clock time taken as UTC.
std::int64_t utc_seconds(const Fields& f) {
  using namespace std::chrono;
  const sys_days day =
      year{f.year} / month{static_cast<unsigned>(f.month)} / std::chrono::day{static_cast<unsigned>(f.day)};
  return std::int64_t{day.time_since_epoch().count()} * 86'400 + f.hour * 3600 + f.minute * 60 + f.second;
}

bool is_date(const Fields& f) {
  using namespace std::chrono;
  const year_month_day date{year{f.year}, month{static_cast<unsigned>(f.month)},
                            day{static_cast<unsigned>(f.day)}};
  return date.ok();
}

/// A wall-clock time of the local zone; an hour that summer time skips or repeats is resolved by mktime.
std::optional<Timestamp> local_time(const Fields& f) {
  struct tm tm {};
  tm.tm_year = f.year - 1900;
  tm.tm_mon = f.month - 1;
  tm.tm_mday = f.day;
  tm.tm_hour = f.hour;
  tm.tm_min = f.minute;
  tm.tm_sec = f.second;
  tm.tm_isdst = -1;
  tm.tm_wday = -1;  // still -1 after a failure, whose return value is also a valid time
  const time_t seconds = ::mktime(&tm);
  if (tm.tm_wday < 0) return std::nullopt;
  return at_local(seconds);
}

bool scan_date(Scanner& in, Fields& f) {
  return in.number(4, f.year) && in.skip("-") && in.number(2, f.month) && in.skip("-") &&
         in.number(2, f.day) && is_date(f);
}

/// HH:MM[:SS[.fraction]]; the fraction is dropped: commits know whole seconds.
bool scan_time(Scanner& in, Fields& f) {
  if (!in.number(2, f.hour) || !in.skip(":") || !in.number(2, f.minute)) return false;
  if (in.skip(":")) {
    if (!in.number(2, f.second)) return false;
    if (in.skip(".")) {
      if (!in.at_digit()) return false;
      while (in.skip("0123456789")) {
      }
    }
  }
  return f.hour <= 23 && f.minute <= 59 && f.second <= 60;
}

/// Z, ±hh:mm or ±hhmm, up to the end.
bool scan_offset(Scanner& in, int& minutes) {
  minutes = 0;
  if (in.skip("Zz")) return in.done();
  const bool west = in.peek() == '-';
  int hour = 0, minute = 0;
  if (!in.skip("+-") || !in.number(2, hour)) return false;
  in.skip(":");
  if (!in.number(2, minute) || !in.done() || hour > 23 || minute > 59) return false;
  minutes = (west ? -1 : 1) * (hour * 60 + minute);
  return true;
}

std::optional<Timestamp> parse_calendar(std::string_view text) {
  Scanner in(text);
  Fields fields;
  if (!scan_date(in, fields)) return std::nullopt;
  if (in.done()) return local_time(fields);
  if (!in.skip("Tt ") || !scan_time(in, fields)) return std::nullopt;
  if (in.done()) return local_time(fields);
  in.skip(" ");
  int zone = 0;
  if (!scan_offset(in, zone)) return std::nullopt;
  return in_range(utc_seconds(fields) - std::int64_t{zone} * 60, zone);
}

/// Digits; nothing beyond the range of dates, so that arithmetic on the result cannot overflow.
std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
    if (value > k_max_seconds) return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  return value;
}

std::optional<Timestamp> parse_epoch(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::optional<std::int64_t> seconds = parse_count(text.substr(negative ? 1 : 0));
  if (!seconds) return std::nullopt;
  return in_range(negative ? -*seconds : *seconds, 0);
}

Fields local_fields(std::int64_t seconds) {
  const time_t time = seconds;
  struct tm tm {};
  ::localtime_r(&time, &tm);
  return {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
}

/// The same wall-clock time some months earlier; a day that month does not have becomes its last.
std::optional<Timestamp> months_before(std::int64_t now, std::int64_t months) {
  if (months > 120'000) return std::nullopt;
  Fields f = local_fields(now);
  const int total = f.year * 12 + f.month - 1 - static_cast<int>(months);
  if (total < 0) return std::nullopt;
  f.year = total / 12;
  f.month = total % 12 + 1;
  while (!is_date(f)) --f.day;
  return local_time(f);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find_first_of(" ."));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

/// "2 hours ago", also as git's "2.hours.ago".
std::optional<Timestamp> parse_ago(std::string_view text, std::int64_t now) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() != 3 || words[2] != "ago") return std::nullopt;
  const std::optional<std::int64_t> count = parse_count(words[0]);
  if (!count) return std::nullopt;
  std::string_view unit = words[1];
  if (unit.ends_with('s')) unit.remove_suffix(1);
  if (unit == "month") return months_before(now, *count);
  if (unit == "year") return months_before(now, std::min<std::int64_t>(*count, 100'000) * 12);
  const std::int64_t length = unit == "second"   ? 1
                              : unit == "minute" ? 60
                              : unit == "hour"   ? 3600
                              : unit == "day"    ? 86'400
                              : unit == "week"   ? 7 * 86'400
                                                 : 0;
  if (length == 0) return std::nullopt;
  return at_local(now - *count * length);
}

std::string format_fields(const struct tm& tm, char separator) {
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                     separator, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

}  // namespace

std::string format_zone(int minutes) {
  const int size = minutes < 0 ? -minutes : minutes;
  return fmt::format("{}{:02}{:02}", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

std::optional<int> parse_zone(std::string_view text) {
  Scanner in(text);
  const bool west = in.peek() == '-';
  int hour = 0, minute = 0;
  if (!in.skip("+-") || !in.number(2, hour) || !in.number(2, minute) || !in.done()) return std::nullopt;
  const int minutes = hour * 60 + minute;
  if (hour > 23 || minute > 59 || (west && minutes == 0)) return std::nullopt;
  return west ? -minutes : minutes;
}

std::optional<Timestamp> parse_date(std::string_view text, std::int64_t now_seconds) {
  if (text == "now") return at_local(now_seconds);
  if (text == "yesterday") return at_local(now_seconds - 86'400);
  if (text == "today") {
    Fields fields = local_fields(now_seconds);
    fields.hour = fields.minute = fields.second = 0;
    return local_time(fields);
  }
  if (text.starts_with('@')) return parse_epoch(text.substr(1));
  if (text.ends_with("ago")) return parse_ago(text, now_seconds);
  return parse_calendar(text);
}

int local_zone_minutes(std::int64_t seconds) {
  const time_t time = seconds;
  struct tm tm {};
  if (::localtime_r(&time, &tm) == nullptr) return 0;
  return static_cast<int>(tm.tm_gmtoff / 60);
}

std::string format_utc(std::int64_t seconds) {
  const time_t time = seconds;
  struct tm tm {};
  if (::gmtime_r(&time, &tm) == nullptr) return fmt::format("@{}", seconds);
  return format_fields(tm, 'T') + 'Z';
}

std::string format_local(std::int64_t seconds) {
  const time_t time = seconds;
  struct tm tm {};
  if (::localtime_r(&time, &tm) == nullptr) return fmt::format("@{}", seconds);
  return format_fields(tm, ' ') + ' ' + format_zone(static_cast<int>(tm.tm_gmtoff / 60));
}

}  // namespace store
