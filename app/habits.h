#pragma once

#include <span>
#include <string_view>

namespace store {

/// What hands that know git type out of habit and this program has not, and what does the work here. The only place for such
/// knowledge: both tables are looked into when a word or an option is refused, never before.
struct WordHabit {
  std::string_view word;
  std::string_view hint;
};
struct OptionHabit {
  std::string_view word;
  std::string_view option;  // "--cached", "-b"; empty: one argument more than the word takes
  std::string_view hint;
};
std::span<const WordHabit> word_habits();
std::span<const OptionHabit> option_habits();

/// For a word that there is not; empty if there is nothing to say.
std::string_view habit_of_word(std::string_view word);

/// For an unknown option of a word; empty if there is nothing to say.
std::string_view habit_of_option(std::string_view word, std::string_view option);

}  // namespace store
