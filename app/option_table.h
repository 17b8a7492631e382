#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace store {

/// What the shell may offer for a word that is being typed.
enum class Completes {
  nothing,
  file,
  directory,
  branch,
  other_branch,  // than the one HEAD is on
  tag,
  operation,  // of the oplog
  revision,
  content,  // REV or REV:PATH
  tracked,  // a path of the index
  addable,  // a path on disk or of the index
  word,
  config_key,
  shell,
};

/// One option, once: the parser, help, the manual pages and completion all read it from here.
struct OptionSpec {
  enum class State {
    shown,
    hidden,  // works, but is not listed
  };
  char letter = 0;                 // 'n' of -n; 0: none
  std::string_view name = {};      // "dry-run"; every option has one, unless it is a letter only
  std::string_view argument = {};  // "FILE"; empty: a flag
  std::string_view help = {};
  std::vector<std::string_view> choices = {};  // the only values allowed, if any
  std::string_view implied = {};               // value when it stands alone; then a value must be attached
  bool digits = false;                         // -5 means this option with 5
  Completes completes = Completes::nothing;  // what the value is; of a flag: what positionals are with it
  State state = State::shown;

  /// What Arguments calls it: the name, or the letter.
  std::string key() const { return name.empty() ? std::string(1, letter) : std::string(name); }
  /// "-n", or "--name" if there is no letter.
  std::string shown_name() const { return letter != 0 ? std::string{'-', letter} : "--" + std::string(name); }
  bool takes_value() const { return !argument.empty(); }
};

struct CommandSpec {
  std::string_view word = {};
  std::string_view summary = {};              // one line, lower case, no period
  std::vector<std::string_view> usage = {};   // without "store": "add [OPTION…] PATH…"
  std::string_view description = {};          // paragraphs separated by empty lines
  std::vector<OptionSpec> options = {};
  std::size_t max_positionals = static_cast<std::size_t>(-1);
  Completes completes = Completes::nothing;  // what positionals are
  bool tail = false;    // arguments after -- are paths of their own
  std::string_view tail_of = {};  // with this option, arguments after -- are its program
  bool json = true;     // false: refuses --json
  bool raw = false;     // takes what follows it as it is, options included
  bool hidden = false;
  bool makes_commits = false;  // SOURCE_DATE_EPOCH counts
  bool resumes = false;        // the same words again go on where an interrupted run stopped
};

/// Options that every word takes, before or after it.
const std::vector<OptionSpec>& global_options();

/// Words of this program that this version does not have: refused, and never taken by an abbreviation.
bool is_later_word(std::string_view word);

}  // namespace store
