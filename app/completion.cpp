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

void add_value(Completion& out, const OptionSpec& option, std::string_view prefix, std::string_view typed) {
  for (const std::string_view choice : option.choices) add(out, typed, std::string(prefix) + std::string(choice), "");
  out.kind = option.completes;
  out.prefix = std::string(prefix);
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
    const bool untracked_too = command == nullptr || command->spec.completes == Completes::file;
    out.kind = untracked_too ? Completes::file : Completes::tracked;
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
    out.kind = command->spec.completes;
    // The values of a key are not known here, only the keys.
    const bool second = command->spec.completes == Completes::config_key && before.size() > *at + 1 && !before.back().starts_with('-');
    if (second) out.kind = Completes::nothing;
  }
  add_known(out, typed);
  return out;
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return R"(# bash completion of store; made by: store completion bash

# Appends $1 to the last of words: what is typed, without its quotes. Nothing in it is expanded or run.
__store_unquote() {
    local typed=$1 quote='' c
    while [[ -n $typed ]]; do
        c=${typed:0:1} typed=${typed:1}
        case $quote$c in
            \' | \") quote=$c ;;
            \'\' | \"\") quote='' ;;
            \\ | \"\\) words[-1]+=${typed:0:1} typed=${typed:1} ;;
            *) words[-1]+=$c ;;
        esac
    done
}

_store() {
    local i word rest=${COMP_LINE:0:COMP_POINT} trimmed kind=none text cut=''
    local -a words=()
    # Readline cuts words at ':' and '=': what stands together is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        trimmed=${rest#"${rest%%[![:space:]]*}"}
        [[ $i -gt 0 && $trimmed == "$rest" ]] || words+=('')
        rest=${trimmed#"$word"}
        # Candidates are for the last piece alone.
        cut=${words[-1]}
        __store_unquote "$word"
        [[ $word != [:=] ]] || cut=${words[-1]}
    done

    COMPREPLY=()
    while IFS= read -r -d '' text; do
        if [[ $kind == none && ${#COMPREPLY[@]} -eq 0 && $text == :* ]]; then
            kind=${text#:}
            continue
        fi
        IFS= read -r -d '' _
        text=${text#"$cut"}
        # Readline quotes paths, in the way the word began, and adds the slash of a directory that it sees.
        [[ $kind != path || ! -d $text ]] || text=${text%/}
        [[ $kind == path || $text != *[!A-Za-z0-9_./:=@%+,~^-]* ]] || printf -v text %q "$text"
        COMPREPLY+=("$text")
    done < <("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
    case $kind in
        path) compopt -o filenames 2>/dev/null ;;
        file) compopt -o default 2>/dev/null ;;
        directory) compopt -o dirnames 2>/dev/null ;;
    esac
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
}
complete -F _store store
)";
  if (shell == "zsh") return R"(#compdef store
# zsh completion of store; made by: store completion zsh
_store() {
    local -a records texts shown folders folders_shown
    local i text line
    records=("${(@0)$(${(Q)words[1]} __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for ((i = 2; i < $#records; i += 2)); do
        text=$records[i]
        line=${(V)text}${records[i+1]:+"  -- $records[i+1]"}
        if [[ $text == */ ]]; then
            folders+=("$text") folders_shown+=("$line")
        else
            texts+=("$text") shown+=("$line")
        fi
    done
    (( $#texts )) && compadd -V store -l -d shown -a texts
    (( $#folders )) && compadd -V store -l -S '' -d folders_shown -a folders
    [[ $records[1] == :file ]] && _files
    [[ $records[1] == :directory ]] && _files -/
}
if [[ $funcstack[1] == _store ]]; then
    _store "$@"
else
    compdef _store store
fi
)";
  if (shell == "fish") return R"(# fish completion of store; made by: store completion fish
function __store_complete
    set -l words (commandline -opc)
    set -l typed (string unescape -- (commandline -ct | string collect) | string collect --allow-empty)
    set -l records (command $words[1] __complete $words[2..-1] "$typed" 2>/dev/null | string split0)
    switch "$records[1]"
        case ':file'
            __fish_complete_path (commandline -ct) | string join0
        case ':directory'
            __fish_complete_directories (commandline -ct) | string join0
    end
    set -l i 2
    while test $i -lt (count $records)
        printf '%s\t%s\0' $records[$i] $records[(math $i + 1)]
        set i (math $i + 2)
    end
end
complete -c store -f -a '(__store_complete | string split0)'
)";
  return {};
}

}  // namespace store
