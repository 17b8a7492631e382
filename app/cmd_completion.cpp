#include "app/commands.h"
#include "app/completion.h"
#include "app/context.h"
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

std::string_view kind_name(Completes kind) {
  if (kind == Completes::file) return "file";
  if (kind == Completes::directory) return "directory";
  return "none";
}

/// Branches, tags and HEAD; none without a repository.
std::vector<std::string> revision_names(Context& context) {
  if (!context.repository()) return {};
  std::vector<std::string> names{"HEAD"};
  const RefStore refs = context.workspace().refs();
  for (const std::string prefix : {"refs/heads/", "refs/tags/"})
    for (const auto& [name, value] : refs.list(prefix)) names.push_back(name.substr(prefix.size()));
  return names;
}

/// One candidate a line, a tab, what it is; the last line says what else the shell may offer. A broken repository must not
/// get in the way of typing: it has no candidates.
int run_complete(Context& context) {
  const std::vector<std::string>& words = context.arguments().positionals;
  const Completion completion = complete(words);
  const std::string typed = words.empty() ? std::string() : words.back();
  for (const Completion::Candidate& candidate : completion.candidates)
    context.out().write(candidate.text + "\t" + candidate.help + "\n");
  if (completion.kind == Completes::revision) {
    try {
      for (const std::string& name : revision_names(context))
        if ((completion.prefix + name).starts_with(typed))
          context.out().write(completion.prefix + escape_name(name) + "\trevision\n");
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
    }
  }
  context.out().write(":" + std::string(kind_name(completion.kind)) + "\n");
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
           .json = false},
          run_completion};
}

Command complete_command() {
  return {{.word = "__complete", .json = false, .raw = true, .hidden = true}, run_complete};
}

}  // namespace store
