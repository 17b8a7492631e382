#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/option_table.h"

namespace store {

/// The options and arguments of one command line, by the names of the option table. Asking for a name that the table
/// does not have is Error{bug}.
class Arguments {
 public:
  explicit Arguments(const CommandSpec& spec);

  bool has(std::string_view name) const { return !slot(name).empty(); }
  /// The last value given; nothing if the option was not given.
  std::optional<std::string> last(std::string_view name) const;
  /// Every value given, in order; a flag has one empty value for each time it was given.
  const std::vector<std::string>& all(std::string_view name) const { return slot(name); }

  /// Values that were given with a meaning; Error{usage} "--memory: '1Q' is no size" if they make no sense.
  std::optional<std::uint64_t> size(std::string_view name) const;
  std::optional<std::uint64_t> number(std::string_view name) const;
  std::optional<std::uint64_t> duration_ms(std::string_view name) const;
  std::optional<std::int64_t> date_seconds(std::string_view name, std::int64_t now) const;

  std::vector<std::string> positionals;  // before --
  std::vector<std::string> tail;         // after --
  bool has_tail = false;                 // there was a --

 private:
  friend Arguments parse_arguments(const CommandSpec&, const std::vector<std::string>&);
  const std::vector<std::string>& slot(std::string_view name) const;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// Position of the word among the arguments (without the program's name): the first that is neither a global option
/// nor its value. Nothing if there is none before `--`.
std::optional<std::size_t> find_word(const std::vector<std::string>& arguments);

/// Whether the flag --`name` stands among the arguments of this word: as an option, not as another one's value, and before
/// `--`. Arguments that make no sense are passed over.
bool has_flag(const CommandSpec& spec, const std::vector<std::string>& arguments, std::string_view name);

/// Parses everything but the word itself. Error{usage} with the nearest match for an unknown option.
Arguments parse_arguments(const CommandSpec& spec, const std::vector<std::string>& arguments);

}  // namespace store
