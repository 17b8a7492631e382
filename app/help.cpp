#include "app/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/examples.h"
#include "app/exit_codes.h"
#include "app/option_text.h"
#include "app/table.h"

namespace store {
namespace {

constexpr std::size_t k_option_column = 30;

std::string padded(std::string text, std::size_t columns) {
  const std::size_t have = display_columns(text);
  if (have < columns) text.append(columns - have, ' ');
  return text;
}

std::string option_lines(const std::vector<OptionSpec>& options) {
  std::string out;
  for (const OptionSpec* option : shown_options(options)) {
    // Long options without a letter stand under the others' names.
    const std::string syntax = (option->letter == 0 ? "      " : "  ") + option_syntax(*option);
    if (display_columns(syntax) + 2 > k_option_column)
      out += syntax + "\n" + std::string(k_option_column, ' ') + option_help(*option) + "\n";
    else
      out += padded(syntax, k_option_column) + option_help(*option) + "\n";
  }
  return out;
}

std::string word_lines() {
  std::size_t longest = 0;
  for (const Command& command : commands())
    if (!command.spec.hidden) longest = std::max(longest, command.spec.word.size());
  std::string out;
  for (const Command& command : commands())
    if (!command.spec.hidden)
      out += "  " + padded(std::string(command.spec.word), longest + 2) + std::string(command.spec.summary) + "\n";
  return out;
}

std::string example_lines(const CommandSpec& spec) {
  std::string out;
  for (const Example& example : examples_of(spec.word)) out += fmt::format("  {}\n      {}\n", example.command, example.meaning);
  return out.empty() ? out : "\nexamples:\n" + out;
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

std::string short_help() {
  return "usage: store [OPTION…] WORD …\n\n" + word_lines() + "\nstore help WORD tells more about a word.";
}

std::string full_help() {
  std::string out = "store: git for big data\n\nusage: store [OPTION…] WORD …\n\nwords:\n" + word_lines() +
                    "\noptions, before or after the word:\n" + option_lines(global_options()) + "\nexit codes:\n";
  for (const ExitCode& code : exit_codes())
    out += fmt::format("  {:>3}  {}\n", code.code == k_exit_signal ? "128+" : std::to_string(code.code), code.meaning);
  return out + "\nstore help WORD tells more about a word.\n";
}

std::string word_help(const CommandSpec& spec) {
  std::string out = fmt::format("store {}: {}\n\n", spec.word, spec.summary);
  for (std::size_t i = 0; i < spec.usage.size(); ++i)
    out += fmt::format("{} store {}\n", i == 0 ? "usage:" : "      ", spec.usage[i]);
  if (!spec.description.empty()) out += fmt::format("\n{}\n", spec.description);
  if (!shown_options(spec.options).empty()) out += "\noptions:\n" + option_lines(spec.options);
  out += example_lines(spec);
  return out + "\nstore help lists the options that every word takes, and the exit codes.\n";
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
