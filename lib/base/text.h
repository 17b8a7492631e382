#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// A name as people may see it: control bytes, ESC, DEL, C1 controls and invalid UTF-8 as \n \r \t \xHH
/// (cli contract §3).
std::string escape_name(std::string_view name);

bool is_valid_utf8(std::string_view text);

/// Finds the name that is nearest to a word by edit distance, if it is near enough to be a misspelling; else one that it begins.
class NearestName {
 public:
  explicit NearestName(std::string_view word);
  /// Of equally near ones the first counts.
  void compare(std::string_view name);
  const std::optional<std::string>& best() const { return best_; }

 private:
  std::string word_;
  std::optional<std::string> best_;
  std::size_t best_distance_;
};
/// The same, of `names`.
std::optional<std::string> nearest_match(std::string_view word, const std::vector<std::string>& names);

/// "1.2 GiB", "256 KiB": binary units, one decimal below 100.
std::string human_size(std::uint64_t bytes);
/// "1,234,567 B".
std::string exact_size(std::uint64_t bytes);
/// One of these two.
using SizeText = std::string (*)(std::uint64_t bytes);
/// "12,345".
std::string human_count(std::uint64_t count);
/// "3.2s", "2m04s", "1h02m"; "?" if it is not finite.
std::string human_duration(double seconds);

/// SIZE of the cli contract: digits, optional fraction, optional K M G T P with optional B or iB, any case,
/// powers of 1024, rounded down. Nothing if it is malformed, negative or over 2^63-1.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// DUR: "500ms", "10s", "5m", "1h", a bare number is seconds. In milliseconds.
std::optional<std::uint64_t> parse_duration_ms(std::string_view text);

}  // namespace store
