#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace store {
namespace {

constexpr std::uint64_t k_max_quantity = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Length of the UTF-8 sequence at the start of `text` (Unicode table 3-7: no overlong forms, no surrogates,
/// nothing above U+10FFFF), 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                             : lead >= 0xe0 && lead <= 0xef ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_continuation(text[i])) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
  if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
  return length;
}

/// U+0080 … U+009F: terminals obey these like ESC sequences, though they are valid UTF-8.
bool is_c1_control(std::string_view sequence) {
  return sequence.size() == 2 && sequence[0] == '\xc2' && static_cast<unsigned char>(sequence[1]) < 0xa0;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
  }
}

/// Optimal string alignment distance: edits, and swaps of neighbours, each count one.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool swapped =
          i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

/// Digits with an optional fraction, and what follows them.
struct Decimal {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;  // of `scale`
  std::uint64_t scale = 1;
  std::string_view unit;
};

std::optional<Decimal> parse_decimal(std::string_view text) {
  // 18 digits of a fraction are exact below every unit (1P is under 1.2e15); the rest cannot change a floor.
  constexpr std::uint64_t k_max_scale = 1'000'000'000'000'000'000;
  Decimal result;
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    const auto digit = static_cast<std::uint64_t>(text[at] - '0');
    if (result.whole > (k_max_quantity - digit) / 10) return std::nullopt;
    result.whole = result.whole * 10 + digit;
  }
  if (at == 0) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    const std::size_t first = ++at;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (result.scale == k_max_scale) continue;
      result.fraction = result.fraction * 10 + static_cast<std::uint64_t>(text[at] - '0');
      result.scale *= 10;
    }
    if (at == first) return std::nullopt;
  }
  result.unit = text.substr(at);
  return result;
}

/// `number` times `unit`, rounded down; nothing over 2^63-1.
std::optional<std::uint64_t> multiply(const Decimal& number, std::uint64_t unit) {
  __extension__ using Wide = unsigned __int128;
  const Wide value = Wide{number.whole} * unit + Wide{number.fraction} * unit / number.scale;
  if (value > k_max_quantity) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

constexpr std::size_t k_least_beginning = 3;  // of a word: less begins too much

/// A third of a word may be wrong, but never all of it: nearer than this.
std::size_t farthest(std::string_view word) { return std::min(std::max<std::size_t>(word.size(), 3) / 3 + 1, word.size()); }

}  // namespace

std::string escape_name(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  while (!name.empty()) {
    const std::size_t length = utf8_length(name);
    const std::string_view sequence = name.substr(0, std::max<std::size_t>(length, 1));
    const bool control =
        static_cast<unsigned char>(name[0]) < 0x20 || name[0] == '\x7f' || is_c1_control(sequence);
    if (length != 0 && !control) {
      out += sequence;
    } else {
      for (const char c : sequence) append_escaped(out, c);
    }
    name.remove_prefix(sequence.size());
  }
  return out;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

NearestName::NearestName(std::string_view word) : word_(word), best_distance_(farthest(word)) {}

void NearestName::compare(std::string_view name) {
  // Cut short, not misspelt: the shortest of them, as long as nothing is nearer.
  const bool begins = word_.size() >= k_least_beginning && name.size() > word_.size() && name.starts_with(word_);
  if (begins && (!best_ || (best_distance_ == farthest(word_) && std::make_pair(name.size(), name) < std::make_pair(best_->size(), std::string_view(*best_))))) {
    best_ = name;  // its distance is not taken: whatever is near takes its place
  }
  const std::size_t difference = name.size() > word_.size() ? name.size() - word_.size() : word_.size() - name.size();
  if (difference >= best_distance_) return;
  const std::size_t distance = edit_distance(word_, name);
  if (distance >= best_distance_) return;
  best_ = name;
  best_distance_ = distance;
}

std::optional<std::string> nearest_match(std::string_view word, const std::vector<std::string>& names) {
  NearestName nearest(word);
  for (const std::string& name : names) nearest.compare(name);
  return nearest.best();
}

std::string human_size(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> k_units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1023.5 && unit + 1 < k_units.size(); ++unit) value /= 1024;
  return value < 99.95 ? fmt::format("{:.1f} {}", value, k_units[unit])
                       : fmt::format("{:.0f} {}", value, k_units[unit]);
}

std::string human_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string exact_size(std::uint64_t bytes) { return human_count(bytes) + " B"; }

std::string human_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds > 1e15) return "?";
  if (seconds < 0.0995) return fmt::format("{:.0f}ms", std::max(seconds, 0.0) * 1000);
  if (seconds < 59.95) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const std::optional<Decimal> number = parse_decimal(text);
  if (!number) return std::nullopt;
  if (number->unit.empty()) return multiply(*number, 1);
  const std::size_t power = std::string_view("kmgtp").find(fold(number->unit[0]));
  if (power == std::string_view::npos) return std::nullopt;
  std::string suffix;
  for (const char c : number->unit.substr(1)) suffix += fold(c);
  if (!suffix.empty() && suffix != "b" && suffix != "ib") return std::nullopt;
  return multiply(*number, std::uint64_t{1} << (10 * (power + 1)));
}

std::optional<std::uint64_t> parse_duration_ms(std::string_view text) {
  const std::optional<Decimal> number = parse_decimal(text);
  if (!number) return std::nullopt;
  if (number->unit == "ms") return multiply(*number, 1);
  if (number->unit.empty() || number->unit == "s") return multiply(*number, 1000);
  if (number->unit == "m") return multiply(*number, 60'000);
  if (number->unit == "h") return multiply(*number, 3'600'000);
  return std::nullopt;
}

}  // namespace store
