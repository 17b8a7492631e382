#include "app/commands.h"
#include "app/completion.h"
#include "app/context.h"
#include "app/repository_names.h"
#include "base/text.h"

namespace store {
namespace {

int run_completion(Context& context) {
  const std::vector<std::string>& words = context.arguments().positionals;
  const std::string_view script = words.empty() ? std::string_view() : completion_script(words.front());
  if (script.empty())
    throw Error(ErrorKind::usage, words.empty() ? "store completion: no SHELL" : escape_name(words.front()) + ": no script for this shell",
                "store completion bash, zsh or fish");
  context.out().write(script);
  return 0;
}

/// What the shell adds to the candidates, or how it takes them.
std::string_view kind_name(Completes kind) {
  switch (kind) {
    case Completes::file: return "file";
    case Completes::directory: return "directory";
    case Completes::content:
    case Completes::addable:
    case Completes::tracked: return "path";
    default: return "none";
  }
}

/// ":" and the kind, then each candidate and what it is: every one ended by NUL, since names hold anything else. A broken
/// repository must not get in the way of typing: it has no candidates.
int run_complete(Context& context) {
  const std::vector<std::string>& words = context.arguments().positionals;
  const Completion completion = complete(words);
  const std::string typed = words.empty() ? std::string() : words.back();
  const auto offer = [&](const std::string& text, const std::string& help) {
    context.out().write(text + '\0' + help + '\0');
  };
  context.out().write(":" + std::string(kind_name(completion.kind)) + '\0');
  for (const Completion::Candidate& candidate : completion.candidates) offer(candidate.text, candidate.help);
  try {
    offer_repository_names(context, completion, typed, offer);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
  }
  return 0;
}

}  // namespace

Command completion_command() {
  return {{.word = "completion",
           .summary = "print the completion script of a shell",
           .usage = {"completion bash|zsh|fish"},
           .description = "bash: eval \"$(store completion bash)\". zsh: save it as _store in a folder of fpath. fish: save it as\n"
                          "store.fish in ~/.config/fish/completions.",
           .max_positionals = 1,
           .completes = Completes::shell,
           .json = false},
          run_completion};
}

Command complete_command() {
  return {{.word = "__complete", .json = false, .raw = true, .hidden = true}, run_complete};
}

}  // namespace store
