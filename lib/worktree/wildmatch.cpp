#include "worktree/wildmatch.h"

#include <algorithm>
#include <optional>

namespace store {
namespace {

constexpr std::string_view k_glob_characters = "*?[\\";

unsigned char folded(unsigned char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<unsigned char>(c - 'A' + 'a') : c;
}

unsigned char raised(unsigned char c) {
  return c >= 'a' && c <= 'z' ? static_cast<unsigned char>(c - 'a' + 'A') : c;
}

bool in_named_class(std::string_view name, unsigned char c, LetterCase letters, bool& known) {
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
  if (name == "upper") return upper || (letters == LetterCase::folded && lower);
  if (name == "xdigit") return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  known = false;
  return false;
}

/// One bracket expression, read as git's wildmatch.c reads it.
class Bracket {
 public:
  /// `rest` begins behind '['. Answers whether `c` is in the set and takes it off `rest`; nothing if it is
  /// malformed.
  static std::optional<bool> match(std::string_view& rest, unsigned char c, LetterCase letters) {
    Bracket bracket(rest, c, letters);
    const bool negated = rest.starts_with('!') || rest.starts_with('^');
    if (negated) bracket.take();
    do {  // a ']' in first place is a member
      if (!bracket.item()) return std::nullopt;
    } while (!rest.starts_with(']'));
    bracket.take();
    return bracket.matched_ != negated;
  }

 private:
  Bracket(std::string_view& rest, unsigned char c, LetterCase letters) : rest_(rest), c_(c), letters_(letters) {}

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
    const auto within = [&](unsigned char c) { return c >= previous_ && c <= last; };
    matched_ = matched_ || within(c_) || (letters_ == LetterCase::folded && within(raised(c_)));
    previous_ = 0;
    return true;
  }

  /// `end`: of the ']' in ":name:]".
  bool named_class(std::size_t end) {
    bool known = false;
    if (in_named_class(rest_.substr(1, end - 2), c_, letters_, known)) matched_ = true;
    rest_.remove_prefix(end + 1);
    previous_ = 0;
    return known;
  }

  std::string_view& rest_;
  const unsigned char c_;
  const LetterCase letters_;
  unsigned char previous_ = 0;  // 0: nothing a range could begin with
  bool matched_ = false;
};

/// One run of a pattern against a text. Two places to go back to are enough: a later `*` can take all that an earlier
/// one of the same name could, and what follows a `**` needs no more than the shortest text before it.
class Match {
 public:
  Match(std::string_view pattern, std::string_view text, Wildcard wildcard, LetterCase letters)
      : whole_(pattern), pattern_(pattern), text_(text), wildcard_(wildcard), letters_(letters) {}

  bool run() {
    for (;;) {
      if (pattern_.starts_with('*')) {
        if (take_stars()) return true;
        continue;
      }
      if (text_.empty() && pattern_.empty()) return true;
      if (!pattern_.empty() && !text_.empty()) {
        const std::optional<bool> matched = match_one();
        if (!matched) return false;
        if (*matched) {
          text_.remove_prefix(1);
          continue;
        }
      } else if (text_.empty() && wildcard_ == Wildcard::crosses_slash) {
        return false;  // with more for a star there would be even less
      }
      if (!go_back()) return false;
    }
  }

 private:
  struct Place {
    std::string_view pattern;
    std::string_view text;
  };

  /// Takes a group of stars off the pattern; true if that decides for a match.
  bool take_stars() {
    const std::size_t begin = whole_.size() - pattern_.size();
    const std::size_t count = std::min(pattern_.find_first_not_of('*'), pattern_.size());
    pattern_.remove_prefix(count);
    const bool opens = begin == 0 || whole_[begin - 1] == '/';
    const bool closes = pattern_.empty() || pattern_.front() == '/' || pattern_.starts_with("\\/");
    const bool any_depth = wildcard_ == Wildcard::crosses_slash || (count > 1 && opens && closes);
    if (!any_depth) {
      star_ = Place{pattern_, text_};
      return false;
    }
    if (pattern_.empty()) return true;
    star_.reset();
    starstar_ = Place{pattern_, text_};
    // "**/" may stand for no directory at all; what begins with that '/' is tried when this fails.
    starstar_untried_ = wildcard_ == Wildcard::within_name && pattern_.front() == '/';
    if (starstar_untried_) pattern_.remove_prefix(1);
    return false;
  }

  /// The innermost star takes one byte more; false if there is none that can.
  bool go_back() {
    if (star_ && !star_->text.empty() && star_->text.front() != '/') {
      star_->text.remove_prefix(1);
      pattern_ = star_->pattern;
      text_ = star_->text;
      return true;
    }
    star_.reset();
    if (!starstar_) return false;
    std::string_view& from = starstar_->text;
    if (!starstar_untried_) {
      if (from.empty()) return false;
      from.remove_prefix(1);
    }
    starstar_untried_ = false;
    const char first = starstar_->pattern.front();
    if (letters_ == LetterCase::matters && k_glob_characters.find(first) == std::string_view::npos) {
      const std::size_t next = from.find(first);
      if (next == std::string_view::npos) return false;
      from.remove_prefix(next);
    }
    pattern_ = starstar_->pattern;
    text_ = from;
    return true;
  }

  /// Takes one element that is no '*' off the pattern and says whether the next byte matches it; nothing if the
  /// pattern is malformed.
  std::optional<bool> match_one() {
    const auto c = letters_ == LetterCase::folded ? folded(static_cast<unsigned char>(text_.front()))
                                                  : static_cast<unsigned char>(text_.front());
    const bool slash = wildcard_ == Wildcard::within_name && c == '/';
    char first = pattern_.front();
    pattern_.remove_prefix(1);
    if (first == '?') return !slash;
    if (first == '[') {
      const std::optional<bool> matched = Bracket::match(pattern_, c, letters_);
      if (!matched) return std::nullopt;
      return *matched && !slash;
    }
    if (first == '\\') {
      if (pattern_.empty()) return std::nullopt;
      first = pattern_.front();
      pattern_.remove_prefix(1);
      return static_cast<unsigned char>(first) == c;  // not folded: so is wildmatch.c
    }
    const auto wanted = static_cast<unsigned char>(first);
    return (letters_ == LetterCase::folded ? folded(wanted) : wanted) == c;
  }

  const std::string_view whole_;
  std::string_view pattern_;
  std::string_view text_;
  const Wildcard wildcard_;
  const LetterCase letters_;
  std::optional<Place> star_;
  std::optional<Place> starstar_;
  bool starstar_untried_ = false;
};

}  // namespace

bool wildmatch(std::string_view pattern, std::string_view text, Wildcard wildcard, LetterCase letters) {
  return Match(pattern, text, wildcard, letters).run();
}

std::size_t literal_length(std::string_view pattern) {
  return std::min(pattern.find_first_of(k_glob_characters), pattern.size());
}

bool equal_text(std::string_view a, std::string_view b, LetterCase letters) {
  if (letters == LetterCase::matters) return a == b;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return folded(static_cast<unsigned char>(x)) == folded(static_cast<unsigned char>(y));
  });
}

}  // namespace store
