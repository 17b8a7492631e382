#include "app/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "app/habits.h"
#include "base/date.h"
#include "base/error.h"
#include "base/text.h"

namespace store {
namespace {

/// An option of the word, else a global one.
const OptionSpec* find_option(const CommandSpec& spec, const std::function<bool(const OptionSpec&)>& fits) {
  for (const std::vector<OptionSpec>* options : {&spec.options, &global_options()})
    for (const OptionSpec& option : *options)
      if (fits(option)) return &option;
  return nullptr;
}
const OptionSpec* find_long(const CommandSpec& spec, std::string_view name) {
  return find_option(spec, [&](const OptionSpec& option) { return !name.empty() && option.name == name; });
}
const OptionSpec* find_letter(const CommandSpec& spec, char letter) {
  return find_option(spec, [&](const OptionSpec& option) { return letter != 0 && option.letter == letter; });
}

bool looks_like_option(std::string_view token) { return token.size() > 1 && token[0] == '-'; }

/// How one token that starts with '-' is to be read.
struct OptionToken {
  const OptionSpec* option = nullptr;  // the one that may take the next argument; null: none or unknown
  bool attached = false;               // its value is in the same token
};

OptionToken read_option_token(const CommandSpec& spec, std::string_view token) {
  if (token.substr(0, 2) == "--") {
    const std::size_t equals = token.find('=');
    return {find_long(spec, token.substr(2, equals == token.npos ? token.npos : equals - 2)), equals != token.npos};
  }
  for (std::size_t at = 1; at < token.size(); ++at) {
    const OptionSpec* option = find_letter(spec, token[at]);
    if (option == nullptr) return {};
    if (option->takes_value()) return {option, at + 1 < token.size()};
  }
  return {};
}

/// How many arguments an option takes up: two if its value is the next one.
std::size_t width(const CommandSpec& spec, std::string_view token) {
  const OptionToken read = read_option_token(spec, token);
  const bool takes_next =
      read.option != nullptr && read.option->takes_value() && !read.attached && read.option->implied.empty();
  return takes_next ? 2 : 1;
}

std::string of_word(const CommandSpec& spec) {
  return spec.word.empty() ? "store" : "store " + std::string(spec.word);
}

/// The arguments taken apart before CLI11 sees them: it forgets where `--` stood, splits "[a,b]", drops "++", and lets "-5"
/// and "--name= value" through as something else. It gets options only, in plain forms.
struct Split {
  std::vector<std::string> options;
  std::vector<std::string> positionals;
  std::vector<std::string> tail;
  bool has_tail = false;
};

const OptionSpec* digits_option(const CommandSpec& spec, std::string_view token) {
  const bool digits = token.size() > 1 && token.find_first_not_of("0123456789", 1) == token.npos;
  return digits ? find_option(spec, [](const OptionSpec& option) { return option.digits; }) : nullptr;
}

/// Takes an option, and its value from the next arguments if that is where it is; returns how many arguments were used.
std::size_t split_option(const CommandSpec& spec, const std::vector<std::string>& arguments, std::size_t at,
                         Split& out) {
  const std::string& token = arguments[at];
  if (const OptionSpec* option = digits_option(spec, token)) {
    out.options.push_back("--" + std::string(option->name));
    out.options.push_back(token.substr(1));
    return 1;
  }
  const OptionToken read = read_option_token(spec, token);
  if (read.option == nullptr || !read.option->takes_value()) {
    out.options.push_back(token);
    return 1;
  }
  if (read.attached) {
    const std::size_t equals = token.substr(0, 2) == "--" ? token.find('=') : token.npos;
    out.options.push_back(token.substr(0, equals));
    if (equals != token.npos) out.options.push_back(token.substr(equals + 1));
    return 1;
  }
  out.options.push_back(token);
  if (!read.option->implied.empty()) {
    out.options.emplace_back(read.option->implied);
    return 1;
  }
  if (at + 1 == arguments.size())
    throw Error(ErrorKind::usage, of_word(spec) + ": " + token + " needs a value: " + std::string(read.option->argument));
  out.options.push_back(arguments[at + 1]);
  return 2;
}

Split split_arguments(const CommandSpec& spec, const std::vector<std::string>& arguments) {
  Split out;
  for (std::size_t at = 0; at < arguments.size();) {
    if (arguments[at] == "--") {
      out.has_tail = true;
      out.tail.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1, arguments.end());
      break;
    }
    if (looks_like_option(arguments[at])) {
      at += split_option(spec, arguments, at, out);
    } else {
      out.positionals.push_back(arguments[at]);
      ++at;
    }
  }
  return out;
}

[[noreturn]] void refuse_unknown(const CommandSpec& spec, const std::string& token) {
  std::vector<std::string> names;
  for (const std::vector<OptionSpec>* options : {&spec.options, &global_options()})
    for (const OptionSpec& option : *options)
      if (option.state == OptionSpec::State::shown)
        names.push_back(option.name.empty() ? option.shown_name() : "--" + std::string(option.name));
  const std::string word = token.substr(0, token.find('='));
  Error error(ErrorKind::usage, of_word(spec) + ": unknown option " + escape_name(word));
  // Of "-bNAME" it is the letter that nobody knows.
  const bool letters = word.size() > 2 && word[1] != '-' && find_letter(spec, word[1]) == nullptr;
  if (const std::string_view habit = habit_of_option(spec.word, letters ? word.substr(0, 2) : word); !habit.empty())
    throw error.with_hint(std::string(habit));
  std::vector<std::string> candidates;
  for (const std::string& name : names)
    if (word.size() > 2 && name.compare(0, word.size(), word) == 0) candidates.push_back(name);
  // Every letter is as near as any other.
  if (const auto nearest = nearest_match(word, names); word.size() > 2 && candidates.empty() && nearest)
    candidates.push_back(*nearest);
  if (candidates.empty())
    error.with_hint(spec.word.empty() ? "store help" : "store help " + std::string(spec.word));
  else
    error.with_hint(candidates.front()).with_candidates(candidates);
  throw error;
}

void check_choice(const CommandSpec& spec, const OptionSpec& option, const std::string& value) {
  if (option.choices.empty()) return;
  if (std::find(option.choices.begin(), option.choices.end(), value) != option.choices.end()) return;
  std::string allowed;
  for (const std::string_view choice : option.choices) allowed += (allowed.empty() ? "" : ", ") + std::string(choice);
  throw Error(ErrorKind::usage, of_word(spec) + ": " + option.shown_name() + ": '" + escape_name(value) +
                                    "' is none of " + allowed);
}

[[noreturn]] void refuse_value(std::string_view name, const std::string& value, std::string_view what) {
  const std::string shown = name.size() == 1 ? "-" + std::string(name) : "--" + std::string(name);
  throw Error(ErrorKind::usage, shown + ": '" + escape_name(value) + "' is no " + std::string(what));
}

/// What is one argument more than the word takes. Where REV:PATH is wanted, two arguments are what other programs take.
[[noreturn]] void refuse_surplus(const CommandSpec& spec, const std::vector<std::string>& positionals) {
  const std::string& surplus = positionals[spec.max_positionals];
  Error error(ErrorKind::usage, of_word(spec) + ": unexpected argument " + escape_name(surplus), "store help " + std::string(spec.word));
  if (const std::string_view habit = habit_of_option(spec.word, ""); !habit.empty()) error.with_hint(std::string(habit));
  if (spec.completes == Completes::content && spec.max_positionals == 1) {
    const std::string& first = positionals.front();
    const bool is_head = first == "@" || (first.starts_with("HEAD") && first.find(':') == first.npos);
    error.with_hint(of_word(spec) + " " + (is_head ? first : "REV") + ":" + surplus);
  }
  throw error;
}

/// CLI11's name for an option: "-n,--dry-run".
std::string cli11_name(const OptionSpec& option) {
  std::string name;
  if (option.letter != 0) name = std::string{'-', option.letter};
  if (!option.name.empty()) name += (name.empty() ? "--" : ",--") + std::string(option.name);
  return name;
}

CLI::Option* add_to(CLI::App& app, const OptionSpec& option) {
  if (!option.takes_value()) return app.add_flag(cli11_name(option))->disable_flag_override();
  return app.add_option(cli11_name(option))
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

Arguments::Arguments(const CommandSpec& spec) {
  for (const std::vector<OptionSpec>* options : {&spec.options, &global_options()})
    for (const OptionSpec& option : *options) values_[option.key()];
}

const std::vector<std::string>& Arguments::slot(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw Error(ErrorKind::bug, "option " + std::string(name) + " is not in the table");
  return found->second;
}

std::optional<std::string> Arguments::last(std::string_view name) const {
  const std::vector<std::string>& values = slot(name);
  if (values.empty()) return std::nullopt;
  return values.back();
}

std::optional<std::uint64_t> Arguments::size(std::string_view name) const {
  const auto text = last(name);
  if (!text) return std::nullopt;
  const auto value = parse_size(*text);
  if (!value) refuse_value(name, *text, "size (64K, 1.5G)");
  return value;
}

std::optional<std::uint64_t> Arguments::number(std::string_view name) const {
  const auto text = last(name);
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, failure] = std::from_chars(text->data(), end, value);
  if (failure != std::errc() || stop != end) refuse_value(name, *text, "number");
  return value;
}

std::optional<std::uint64_t> Arguments::duration_ms(std::string_view name) const {
  const auto text = last(name);
  if (!text) return std::nullopt;
  const auto value = parse_duration_ms(*text);
  if (!value) refuse_value(name, *text, "duration (500ms, 10s, 5m, 1h)");
  return value;
}

std::optional<std::int64_t> Arguments::date_seconds(std::string_view name, std::int64_t now) const {
  const auto text = last(name);
  if (!text) return std::nullopt;
  const auto value = parse_date(*text, now);
  if (!value) refuse_value(name, *text, "date (2024-05-01, 2024-05-01T12:00:00Z, @SECONDS, 2 hours ago)");
  return value->seconds;
}

std::optional<std::size_t> find_word(const std::vector<std::string>& arguments) {
  static const CommandSpec k_none{};
  for (std::size_t at = 0; at < arguments.size();) {
    if (arguments[at] == "--") return std::nullopt;
    if (!looks_like_option(arguments[at])) return at;
    at += width(k_none, arguments[at]);
  }
  return std::nullopt;
}

bool has_flag(const CommandSpec& spec, const std::vector<std::string>& arguments, std::string_view name) {
  const std::string flag = "--" + std::string(name);
  for (std::size_t at = 0; at < arguments.size() && arguments[at] != "--";) {
    if (arguments[at] == flag) return true;
    at += looks_like_option(arguments[at]) ? width(spec, arguments[at]) : 1;
  }
  return false;
}

Arguments parse_arguments(const CommandSpec& spec, const std::vector<std::string>& arguments) {
  Split split = split_arguments(spec, arguments);
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<const OptionSpec*, CLI::Option*>> bound;
  for (const std::vector<OptionSpec>* options : {&spec.options, &global_options()})
    for (const OptionSpec& option : *options) bound.emplace_back(&option, add_to(app, option));
  std::reverse(split.options.begin(), split.options.end());  // CLI11 takes them from the back
  try {
    app.parse(split.options);
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorKind::usage, of_word(spec) + ": " + error.what());
  }
  if (const std::vector<std::string> unknown = app.remaining(); !unknown.empty())
    refuse_unknown(spec, unknown.front());

  Arguments out(spec);
  for (const auto& [option, parsed] : bound) {
    std::vector<std::string>& values = out.values_[option->key()];
    values = option->takes_value() ? parsed->results() : std::vector<std::string>(parsed->count());
    for (const std::string& value : values)
      if (option->takes_value()) check_choice(spec, *option, value);
  }
  out.positionals = std::move(split.positionals);
  out.tail = std::move(split.tail);
  out.has_tail = split.has_tail;
  if (out.positionals.size() > spec.max_positionals) refuse_surplus(spec, out.positionals);
  const bool keeps_tail = spec.tail || (!spec.tail_of.empty() && out.has(spec.tail_of));
  if (out.has_tail && !keeps_tail) {  // "--" only ends the options
    out.positionals.insert(out.positionals.end(), out.tail.begin(), out.tail.end());
    out.tail.clear();
    if (out.positionals.size() > spec.max_positionals) refuse_surplus(spec, out.positionals);
  }
  return out;
}

}  // namespace store
