// Command lines: arguments with zero bytes between them, up to where a word would begin its work.
#include <algorithm>

#include "app/commands.h"
#include "app/parser.h"
#include "fuzz/target.h"

namespace {

using namespace store;

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> arguments;
  while (!text.empty()) arguments.emplace_back(fuzz::take_text(text));
  return arguments;
}

/// Nothing is made up: each positional is an argument as it was given, and what looks like an option comes from behind `--`.
void parse(const CommandSpec& spec, const std::vector<std::string>& arguments) {
  const Arguments parsed = parse_arguments(spec, arguments);
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  fuzz::require(!parsed.has_tail || dashes != arguments.end());
  fuzz::require(parsed.positionals.size() + parsed.tail.size() <= arguments.size());
  const auto given = [&](auto from, const std::string& each) { return std::find(from, arguments.end(), each) != arguments.end(); };
  for (const std::string& each : parsed.tail) fuzz::require(given(dashes, each));
  for (const std::string& each : parsed.positionals)
    fuzz::require(given(each.size() > 1 && each[0] == '-' ? dashes : arguments.begin(), each));
  fuzz::answers({ErrorKind::usage}, [&] { (void)parsed.size("memory"); });
  fuzz::answers({ErrorKind::usage}, [&] { (void)parsed.duration_ms("lock-timeout"); });
}

void command_line(ByteView input) {
  std::vector<std::string> arguments = split(as_text(input));
  const auto at = find_word(arguments);
  const Command* command = at ? find_command(arguments[*at]) : nullptr;
  static const CommandSpec k_no_word{};
  const CommandSpec& spec = command == nullptr ? k_no_word : command->spec;
  (void)has_flag(spec, arguments, "json");
  if (command != nullptr) arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(*at));
  fuzz::answers({ErrorKind::usage}, [&] { parse(spec, arguments); });
}

const fuzz::Enter k_command_line("command-line", command_line);

}  // namespace
