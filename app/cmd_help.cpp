#include "app/commands.h"
#include "app/context.h"
#include "app/habits.h"
#include "app/help.h"
#include "base/text.h"

namespace store {
namespace {

const Command* wanted(const Context& context) {
  const std::vector<std::string>& words = context.arguments().positionals;
  if (words.empty()) return nullptr;
  const Command* command = find_command(words.front());
  if (command != nullptr && !command->spec.hidden) return command;
  const std::string shown = escape_name(words.front());
  const std::string habit(habit_of_word(words.front()));
  if (is_later_word(words.front())) throw Error(ErrorKind::usage, "store " + shown + ": not in this version", habit);
  std::vector<std::string> names;
  for (const Command& each : commands())
    if (!each.spec.hidden) names.emplace_back(each.spec.word);
  Error error(ErrorKind::usage, "store help " + shown + ": no such word", habit.empty() ? "store help" : habit);
  if (!habit.empty()) throw error;
  if (const auto nearest = nearest_match(words.front(), names)) error.with_hint("store help " + *nearest);
  throw error;
}

int run(Context& context) {
  const Command* command = wanted(context);
  if (context.json())
    write_help(context.begin_result(), command != nullptr ? &command->spec : nullptr);
  else
    context.out().write(command != nullptr ? word_help(command->spec, context.prose_columns()) : full_help(context.prose_columns()));
  return 0;
}

}  // namespace

Command help_command() {
  return {{.word = "help",
           .summary = "show what the words and options mean",
           .usage = {"help [WORD] [--json]"},
           .max_positionals = 1,
           .completes = Completes::word},
          run};
}

}  // namespace store
