#include "worktree/pathspec.h"

#include <algorithm>
#include <optional>

#include "base/path.h"

namespace store {
namespace {

constexpr std::string_view k_glob_characters = "*?[\\";

bool in_named_class(std::string_view name, unsigned char c, bool& known) {
  const bool upper = c >= 'A' && c <= 'Z';
  const bool lower = c >= 'a' && c <= 'z';
  const bool digit = c >= '0' && c <= '9';
  const bool graph = c > ' ' && c < 0x7f;
  known = true;
  if (name == "alnum") return upper || lower || digit;
  if (name == "alpha") return upper || lower;
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "cntrl") return c < ' ' || c == 0x7f;
  if (name == "digit") return digit;
  if (name == "graph") return graph;
  if (name == "lower") return lower;
  if (name == "print") return graph || c == ' ';
  if (name == "punct") return graph && !upper && !lower && !digit;
  if (name == "space") return c == ' ' || (c >= '\t' && c <= '\r');
  if (name == "upper") return upper;
  if (name == "xdigit") return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  known = false;
  return false;
}

/// One bracket expression, read as git's wildmatch.c reads it.
class Bracket {
 public:
  /// `rest` begins behind '['. Answers whether `c` is in the set and takes it off `rest`; nothing if it is
  /// malformed.
  static std::optional<bool> match(std::string_view& rest, unsigned char c) {
    Bracket bracket(rest, c);
    const bool negated = rest.starts_with('!') || rest.starts_with('^');
    if (negated) bracket.take();
    do {  // a ']' in first place is a member
      if (!bracket.item()) return std::nullopt;
    } while (!rest.starts_with(']'));
    bracket.take();
    return bracket.matched_ != negated;
  }

 private:
  Bracket(std::string_view& rest, unsigned char c) : rest_(rest), c_(c) {}

  unsigned char take() {
    const auto first = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }

  /// A character, a range behind the character before it, or a class; false if the expression ends here.
  bool item() {
    if (rest_.empty()) return false;
    const unsigned char first = take();
    if (first == '\\') return escaped();
    if (first == '-' && previous_ != 0 && !rest_.empty() && rest_.front() != ']') return range();
    if (first == '[' && rest_.starts_with(':')) {
      const std::size_t end = rest_.find(']', 1);
      if (end == std::string_view::npos) return false;
      if (end >= 2 && rest_[end - 1] == ':') return named_class(end);
    }
    return single(first);
  }

  bool single(unsigned char member) {
    matched_ = matched_ || c_ == member;
    previous_ = member;
    return true;
  }

  bool escaped() { return !rest_.empty() && single(take()); }

  bool range() {
    unsigned char last = take();
    if (last == '\\') {
      if (rest_.empty()) return false;
      last = take();
    }
    matched_ = matched_ || (c_ >= previous_ && c_ <= last);
    previous_ = 0;
    return true;
  }

  /// `end`: of the ']' in ":name:]".
  bool named_class(std::size_t end) {
    bool known = false;
    if (in_named_class(rest_.substr(1, end - 2), c_, known)) matched_ = true;
    rest_.remove_prefix(end + 1);
    previous_ = 0;
    return known;
  }

  std::string_view& rest_;
  const unsigned char c_;
  unsigned char previous_ = 0;  // 0: nothing a range could begin with
  bool matched_ = false;
};

/// Takes one element that is no '*' off `pattern` and says whether `c` matches it; nothing if the pattern is
/// malformed.
std::optional<bool> match_one(std::string_view& pattern, char c) {
  const char first = pattern.front();
  pattern.remove_prefix(1);
  if (first == '?') return true;
  if (first == '[') return Bracket::match(pattern, static_cast<unsigned char>(c));
  if (first != '\\') return first == c;
  if (pattern.empty()) return false;
  const char escaped = pattern.front();
  pattern.remove_prefix(1);
  return escaped == c;
}

std::string_view before_glob(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of(k_glob_characters));
}

bool matches_spec(const Pathspec& spec, std::string_view path) {
  return is_within(path, spec.pattern) || (!spec.literal && glob_matches(spec.pattern, path));
}

bool may_match_below_spec(const Pathspec& spec, std::string_view directory) {
  if (is_within(directory, spec.pattern) || is_within(spec.pattern, directory)) return true;
  if (spec.literal || !has_glob(spec.pattern)) return false;
  // '*' crosses '/', so only what stands before the first glob character can rule a directory out.
  const std::string_view fixed = before_glob(spec.pattern);
  const std::string inside = std::string(directory) + '/';
  const std::size_t common = std::min(fixed.size(), inside.size());
  return fixed.substr(0, common) == std::string_view(inside).substr(0, common);
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  // Only the last '*' ever has to take more, because it could have taken all that the earlier ones took: no
  // recursion.
  std::optional<std::string_view> retry_pattern;
  std::string_view retry_text;
  for (;;) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(std::min(pattern.find_first_not_of('*'), pattern.size()));
      if (pattern.empty()) return true;
      retry_pattern = pattern;
      retry_text = text;
      continue;
    }
    if (text.empty() && pattern.empty()) return true;
    if (text.empty()) return false;  // with more for the '*' there would be even less
    if (!pattern.empty()) {
      const std::optional<bool> matched = match_one(pattern, text.front());
      if (!matched) return false;
      if (*matched) {
        text.remove_prefix(1);
        continue;
      }
    }
    if (!retry_pattern) return false;
    pattern = *retry_pattern;
    retry_text.remove_prefix(1);
    text = retry_text;
  }
}

bool has_glob(std::string_view pattern) { return before_glob(pattern).size() < pattern.size(); }

std::string_view literal_prefix(std::string_view pattern) {
  if (!has_glob(pattern)) return pattern;
  return parent_path(before_glob(pattern));
}

bool PathspecSet::matches(std::string_view path) const { return specs_.empty() || match_index(path) >= 0; }

int PathspecSet::match_index(std::string_view path) const {
  const auto found = std::find_if(specs_.begin(), specs_.end(),
                                  [&](const Pathspec& spec) { return matches_spec(spec, path); });
  return found == specs_.end() ? -1 : static_cast<int>(found - specs_.begin());
}

bool PathspecSet::may_match_below(std::string_view directory) const {
  return specs_.empty() || std::any_of(specs_.begin(), specs_.end(), [&](const Pathspec& spec) {
           return may_match_below_spec(spec, directory);
         });
}

}  // namespace store
