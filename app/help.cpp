#include "app/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/examples.h"
#include "app/exit_codes.h"
#include "app/option_text.h"
#include "app/text_fill.h"

namespace store {
namespace {

constexpr std::size_t k_option_column = 30;
constexpr std::size_t k_code_column = 8;

std::string option_lines(const std::vector<OptionSpec>& options, std::size_t columns) {
  std::string out;
  for (const OptionSpec* option : shown_options(options))  // long options without a letter stand under the others' names
    out += fill_entry(option_syntax(*option), option_help(*option), k_option_column, columns, option->letter == 0 ? 6 : 2);
  return out;
}

std::string word_lines(std::size_t columns) {
  std::size_t longest = 0;
  for (const Command& command : commands())
    if (!command.spec.hidden) longest = std::max(longest, command.spec.word.size());
  std::string out;
  for (const Command& command : commands())
    if (!command.spec.hidden) out += fill_entry(command.spec.word, command.spec.summary, longest + 4, columns);
  return out;
}

std::string usage_lines(const CommandSpec& spec, std::size_t columns) {
  std::string out;
  constexpr std::size_t k_label = 7;  // "usage: "
  for (const std::string_view usage : spec.usage) {
    const std::string line = fill("store " + std::string(usage), columns, {k_label, k_label + 2});
    out += out.empty() ? "usage: " + line.substr(k_label) : line;
  }
  return out;
}

std::string example_lines(const CommandSpec& spec, std::size_t columns) {
  std::string out;
  for (const Example& example : examples_of(spec.word))
    out += fill_command(example.command, columns, {2, 4}) + fill(example.meaning, columns, {6, 6});
  return out.empty() ? out : "\nexamples:\n" + out;
}

std::string exit_code_lines(std::size_t columns) {
  std::string out;
  for (const ExitCode& code : exit_codes())
    out += fill_entry(fmt::format("{:>4}", code.code == k_exit_signal ? "128+" : std::to_string(code.code)), code.meaning, k_code_column, columns);
  return out;
}

void write_options(JsonWriter& json, const std::vector<OptionSpec>& options) {
  json.key("options").begin_array();
  for (const OptionSpec* option : shown_options(options)) {
    json.begin_object();
    json.field("name", option->name.empty() ? std::optional<std::string>() : std::optional("--" + std::string(option->name)));
    json.field("letter", option->letter == 0 ? std::optional<std::string>() : std::optional(std::string{'-', option->letter}));
    json.field("argument",
               option->takes_value() ? std::optional(std::string(option->argument)) : std::optional<std::string>());
    json.list_field("choices", {option->choices.begin(), option->choices.end()});
    json.field("help", option->help);
    json.end();
  }
  json.end();
}

void write_word(JsonWriter& json, const CommandSpec& spec) {
  json.begin_object();
  json.field("word", spec.word);
  json.field("summary", spec.summary);
  json.key("usage").begin_array();
  for (const std::string_view line : spec.usage) json.value("store " + std::string(line));
  json.end();
  json.field("description", spec.description);
  write_options(json, spec.options);
  json.key("examples").begin_array();
  for (const Example& example : examples_of(spec.word)) {
    json.begin_object();
    json.field("command", example.command);
    json.field("meaning", example.meaning);
    json.end();
  }
  json.end();
  json.end();
}

std::string example_script(const CommandSpec& spec) {
  std::string out;
  for (const Example& example : examples_of(spec.word))
    out += fmt::format("{}# {}\n{}\n", out.empty() ? "" : "\n", example.meaning, example.command);
  return out;
}

std::string markdown_options(const std::vector<OptionSpec>& options) {
  std::string out = "| option | meaning |\n|---|---|\n";
  for (const OptionSpec* option : shown_options(options)) {
    std::string help = option_help(*option);
    for (std::size_t at = 0; (at = help.find('|', at)) != help.npos; at += 2) help.insert(at, 1, '\\');
    out += fmt::format("| `{}` | {} |\n", option_syntax(*option), help);
  }
  return out;
}

}  // namespace

std::string short_help(std::size_t columns) {
  return fill("usage: store [OPTION…] WORD …", columns, {0, 7}) + "\n" + word_lines(columns) + "\n" +
         fill("store help WORD tells more about a word.", columns);
}

std::string full_help(std::size_t columns) {
  return fill("store: git for big data", columns) + "\n" + fill("usage: store [OPTION…] WORD …", columns, {0, 7}) + "\nwords:\n" + word_lines(columns) + "\n" +
         fill("options, before or after the word:", columns) + option_lines(global_options(), columns) + "\nexit codes:\n" +
         exit_code_lines(columns) + "\n" + fill("store help WORD tells more about a word.", columns);
}

std::string word_help(const CommandSpec& spec, std::size_t columns) {
  std::string out = fill(fmt::format("store {}: {}", spec.word, spec.summary), columns) + "\n" + usage_lines(spec, columns);
  if (!spec.description.empty()) out += "\n" + fill_paragraphs(spec.description, columns);
  if (!shown_options(spec.options).empty()) out += "\noptions:\n" + option_lines(spec.options, columns);
  out += example_lines(spec, columns);
  return out + "\n" + fill("store help lists the options that every word takes, and the exit codes.", columns);
}

void write_help(JsonWriter& json, const CommandSpec* only) {
  json.key("words").begin_array();
  for (const Command& command : commands())
    if (only == nullptr ? !command.spec.hidden : command.spec.word == only->word) write_word(json, command.spec);
  json.end();
  json.key("global").begin_object();
  write_options(json, global_options());
  json.end();
  json.key("exit_codes").begin_array();
  for (const ExitCode& code : exit_codes()) {
    json.begin_object();
    json.field("code", code.code);
    json.field("kind", code.kinds.empty() ? std::optional<std::string>() : std::optional(std::string(code.kinds)));
    json.field("meaning", code.meaning);
    json.end();
  }
  json.end();
}

std::string markdown_index() {
  std::string out =
      "# The command line\n\nGenerated from the option table of the program; do not edit.\n\n"
      "    store [OPTION…] WORD …\n\n| word | what it does |\n|---|---|\n";
  for (const Command& command : commands())
    if (!command.spec.hidden)
      out += fmt::format("| [{0}]({0}.md) | {1} |\n", command.spec.word, command.spec.summary);
  out += "\nWith `--json` a word answers with one object; [../schemas](../schemas) has a JSON Schema for each.\n";
  out += "\n## Options of every word\n\nBefore or after the word; `--` ends options.\n\n" +
         markdown_options(global_options()) + "\n## Exit codes\n\n| code | kind | which |\n|---|---|---|\n";
  for (const ExitCode& code : exit_codes()) {
    std::string kinds;
    for (const char c : code.kinds) kinds += c == ' ' ? std::string("`, `") : std::string(1, c);
    out += fmt::format("| {} | {} | {} |\n", code.code == k_exit_signal ? "128+N" : std::to_string(code.code),
                       kinds.empty() ? "" : "`" + kinds + "`", code.meaning);
  }
  return out;
}

std::string markdown_page(const CommandSpec& spec) {
  std::string out = fmt::format("# store {}\n\nGenerated from the option table of the program; do not edit.\n\n{}.\n\n",
                                spec.word, spec.summary);
  for (const std::string_view line : spec.usage) out += fmt::format("    store {}\n", line);
  if (!spec.description.empty()) out += fmt::format("\n{}\n", spec.description);
  if (!shown_options(spec.options).empty()) out += "\n## Options\n\n" + markdown_options(spec.options);
  if (!examples_of(spec.word).empty()) out += "\n## Examples\n\n```sh\n" + example_script(spec) + "```\n";
  return out + "\nOptions of every word and the exit codes: [the command line](README.md).\n";
}

}  // namespace store
