#include "app/completion.h"

#include <algorithm>

#include "app/commands.h"
#include "app/parser.h"
#include "config/keys.h"

namespace store {
namespace {

using OptionLists = std::vector<const std::vector<OptionSpec>*>;

void add(Completion& out, std::string_view typed, std::string text, std::string_view help) {
  if (text.starts_with(typed)) out.candidates.push_back({std::move(text), std::string(help)});
}

/// The option whose value comes next if a word is the one given: "-j", "--memory", "-qj".
const OptionSpec* waiting_option(const OptionLists& lists, std::string_view word) {
  if (word.size() < 2 || word[0] != '-') return nullptr;
  for (const auto* options : lists) {
    for (const OptionSpec& option : *options) {
      if (!option.takes_value() || !option.implied.empty()) continue;
      const bool is_long = word.starts_with("--");
      if (is_long ? word.substr(2) == option.name && !option.name.empty() : option.letter != 0 && word.back() == option.letter)
        return &option;
    }
  }
  return nullptr;
}

void add_words_of_key(Completion& out, std::string_view key, std::string_view prefix, std::string_view typed) {
  const ConfigKey* known = find_key(key);
  if (known == nullptr) return;
  for (const std::string_view word : known->words)
    add(out, typed, std::string(prefix) + std::string(word), word == known->default_value ? "default" : "");
}

void add_value(Completion& out, const OptionSpec& option, std::string_view prefix, std::string_view typed) {
  for (const std::string_view choice : option.choices) add(out, typed, std::string(prefix) + std::string(choice), "");
  out.kind = option.completes;
  out.prefix = std::string(prefix);
  if (option.completes != Completes::config_key) return;
  const std::size_t equals = typed.find('=', prefix.size());
  if (equals == typed.npos) return;
  out.kind = Completes::nothing;
  add_words_of_key(out, typed.substr(prefix.size(), equals - prefix.size()), typed.substr(0, equals + 1), typed);
}

void add_options(Completion& out, const OptionLists& lists, std::string_view typed) {
  for (const auto* options : lists) {
    for (const OptionSpec& option : *options) {
      if (option.state != OptionSpec::State::shown) continue;
      if (!option.name.empty()) add(out, typed, "--" + std::string(option.name), option.help);
      if (option.letter != 0) add(out, typed, std::string{'-', option.letter}, option.help);
    }
  }
}

void add_words(Completion& out, std::string_view typed) {
  for (const Command& command : commands())
    if (!command.spec.hidden) add(out, typed, std::string(command.spec.word), command.spec.summary);
}

void add_known(Completion& out, std::string_view typed) {
  if (out.kind == Completes::word) add_words(out, typed);
  if (out.kind == Completes::config_key)
    for (const ConfigKey& key : config_keys()) add(out, typed, out.prefix + std::string(key.name), key.description);
  if (out.kind == Completes::shell)
    for (const std::string_view shell : {"bash", "zsh", "fish"}) add(out, typed, std::string(shell), "");
}

bool gives_flag(std::string_view word, const OptionSpec& flag) {
  if (word.starts_with("--")) return !flag.name.empty() && word.substr(2) == flag.name;
  return word.starts_with('-') && flag.letter != 0 && word.find(flag.letter) != word.npos;
}

bool given(const std::vector<std::string>& words, std::string_view option) {
  const std::string name = "--" + std::string(option);
  return !option.empty() && std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == name || word.starts_with(name + "=");
  });
}

/// What positionals are: some flags make them something else ("branch -d").
Completes positionals_of(const CommandSpec& spec, const std::vector<std::string>& before) {
  for (const OptionSpec& option : spec.options)
    if (!option.takes_value() && option.completes != Completes::nothing)
      for (const std::string& word : before)
        if (gives_flag(word, option)) return option.completes;
  return spec.completes;
}

}  // namespace

Completion complete(const std::vector<std::string>& words) {
  Completion out;
  const std::string typed = words.empty() ? std::string() : words.back();
  const std::vector<std::string> before(words.begin(), words.empty() ? words.end() : words.end() - 1);
  const auto at = find_word(before);
  const Command* command = at ? find_command(before[*at]) : nullptr;
  if (at && command == nullptr) return out;
  OptionLists lists;
  if (command != nullptr) lists.push_back(&command->spec.options);
  lists.push_back(&global_options());

  if (std::find(before.begin(), before.end(), "--") != before.end()) {
    const bool a_program = command != nullptr && given(before, command->spec.tail_of);
    const bool on_disk = command == nullptr || command->spec.completes == Completes::file || a_program;
    out.kind = on_disk ? Completes::file : command->spec.completes == Completes::addable ? Completes::addable : Completes::tracked;
    return out;
  }
  if (const OptionSpec* option = before.empty() ? nullptr : waiting_option(lists, before.back())) {
    add_value(out, *option, "", typed);
  } else if (const std::size_t equals = typed.find('='); typed.starts_with("--") && equals != typed.npos) {
    for (const auto* options : lists)
      for (const OptionSpec& each : *options)
        if (each.takes_value() && each.name == std::string_view(typed).substr(2, equals - 2))
          add_value(out, each, typed.substr(0, equals + 1), typed);
  } else if (typed.starts_with('-')) {
    add_options(out, lists, typed);
  } else if (command == nullptr) {
    add_words(out, typed);
  } else {
    out.kind = positionals_of(command->spec, before);
    const bool second = command->spec.completes == Completes::config_key && before.size() > *at + 1 && !before.back().starts_with('-');
    if (second) {
      out.kind = Completes::nothing;
      add_words_of_key(out, before.back(), "", typed);
    }
  }
  if (out.kind == Completes::addable && typed.starts_with('~')) {  // the shell's own to expand
    out.kind = Completes::file;
  }
  add_known(out, typed);
  return out;
}

}  // namespace store
