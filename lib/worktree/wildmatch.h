#pragma once

#include <string_view>

namespace store {

/// How far a wildcard reaches.
enum class Wildcard : bool {
  crosses_slash,  // `*` and `?` match '/' too: pathspecs
  within_name,    // only `**` between slashes does: ignore rules and :(glob)
};
enum class LetterCase : bool { matters, folded };  // ASCII letters only

/// True if a glob pattern matches the whole text, as git's wildmatch.c has it: `*`, `?`, `[...]` with ranges, classes and
/// escapes, a backslash before any character, `**`. A malformed pattern matches nothing. No recursion; time at most
/// the product of the lengths, and one more length with `**`.
bool wildmatch(std::string_view pattern, std::string_view text, Wildcard wildcard,
               LetterCase letters = LetterCase::matters);

/// How many bytes stand before the first `*`, `?`, `[` or backslash.
std::size_t literal_length(std::string_view pattern);

/// Bytes that are equal, or with folding are the same letter.
bool equal_text(std::string_view a, std::string_view b, LetterCase letters);

}  // namespace store
