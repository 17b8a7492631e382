#include "app/cli.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <new>

#include "app/commands.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "app/habits.h"
#include "app/help.h"
#include "app/text_fill.h"
#include "base/text.h"

namespace store {
namespace {

/// The words that begin like this one.
std::vector<std::string> words_starting_with(std::string_view word) {
  std::vector<std::string> names;
  for (const Command& command : commands())
    if (!command.spec.hidden && command.spec.word.substr(0, word.size()) == word)
      names.emplace_back(command.spec.word);
  return names;
}

[[noreturn]] void refuse_word(const std::string& word) {
  const std::string habit(habit_of_word(word));
  if (is_later_word(word)) throw Error(ErrorKind::usage, "store " + word + ": not in this version", habit);
  Error error(ErrorKind::usage, "store " + escape_name(word) + ": no such word", habit);
  if (!habit.empty()) throw error;
  std::vector<std::string> candidates = words_starting_with(word);
  if (candidates.empty()) {
    std::vector<std::string> names = words_starting_with("");
    if (const auto nearest = nearest_match(word, names)) candidates.push_back(*nearest);
  }
  if (candidates.empty())
    error.with_hint("store help");
  else if (candidates.size() == 1)
    error.with_hint("store " + candidates.front());
  throw error.with_candidates(std::move(candidates));
}

/// What the command line asks for: a word with its options, or one of the options that stand for a word.
struct Request {
  const Command* command = nullptr;
  Arguments arguments;
};

/// Completion: of what is typed, only the options before the word are obeyed: where the repository is.
Request raw_request(const Command* command, const std::vector<std::string>& typed) {
  Arguments arguments(command->spec);
  const auto word = find_word(typed);
  try {
    if (word) arguments = parse_arguments(command->spec, {typed.begin(), typed.begin() + static_cast<std::ptrdiff_t>(*word)});
  } catch (const Error&) {  // not yet typed to the end
  }
  arguments.positionals = typed;
  return {command, arguments};
}

Request parse_request(const std::vector<std::string>& words) {
  const auto at = find_word(words);
  if (!at) {
    static const CommandSpec k_no_word{};
    const Arguments arguments = parse_arguments(k_no_word, words);
    const char* stand_in = arguments.has("help") ? "help" : arguments.has("version") ? "version" : nullptr;
    if (stand_in == nullptr) throw Error(ErrorKind::usage, "no word: what shall store do?", "store help");
    const Command* command = find_command(stand_in);
    std::vector<std::string> rest = words;
    return {command, parse_arguments(command->spec, rest)};
  }
  const Command* command = find_command(words[*at]);
  if (command == nullptr) refuse_word(words[*at]);
  std::vector<std::string> rest = words;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(*at));
  if (command->spec.raw) return raw_request(command, {words.begin() + static_cast<std::ptrdiff_t>(*at) + 1, words.end()});
  Request request{command, parse_arguments(command->spec, rest)};
  if (request.arguments.has("help") && command->spec.word != "help") {
    request.arguments.positionals = {std::string(command->spec.word)};
    request.command = find_command("help");
  } else if (request.arguments.has("version")) {
    request.command = find_command("version");
  }
  return request;
}

/// --json, seen even where the rest of the line makes no sense.
bool asks_for_json(const std::vector<std::string>& words) {
  static const CommandSpec k_no_word{};
  const auto at = find_word(words);
  const Command* command = at ? find_command(words[*at]) : nullptr;
  if (command == nullptr) return has_flag(k_no_word, words, "json");
  return !command->spec.raw && has_flag(command->spec, words, "json");
}

Error translate(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::system, "out of memory", "--memory 32M --jobs 1").with_errno(ENOMEM);
  } catch (const std::exception& error) {
    return Error(ErrorKind::bug, std::string("unexpected: ") + error.what());
  } catch (...) {
    return Error(ErrorKind::bug, "unexpected exception");
  }
}

void write_error(JsonWriter& json, const Error& error, int code) {
  json.key("error").begin_object();
  json.field("code", code);
  json.field("kind", name_of(error.kind()));
  json.field("message", error.message());
  json.field("hint", error.hint().empty() ? std::optional<std::string>() : std::optional(error.hint()));
  const bool named = error.kind() == ErrorKind::not_found || error.kind() == ErrorKind::ambiguous;
  if (named || !error.candidates().empty()) json.path_list_field("candidates", error.candidates());
  if (!error.paths().empty()) json.path_list_field("paths", error.paths());
  json.end();
}

void write_warnings(JsonWriter& json, const std::vector<Warning>& warnings) {
  json.key("warnings").begin_array();
  for (const Warning& warning : warnings) {
    json.begin_object();
    json.field("kind", warning.kind);
    json.field("message", warning.message);
    json.end();
  }
  json.end();
}

/// How a run ended: the worst error decides on the code.
struct Ending {
  int code = 0;
  std::optional<Error> error;

  void add(const Error& other) {
    const int its_code = exit_code_of(other);
    if (error && worse_exit_code(code, its_code) == code) return;
    code = its_code;
    error = other;
  }
};

/// One run, from the words to the last byte on standard output.
class Run {
 public:
  Run(const std::vector<std::string>& words, Console& console)
      : words_(words), console_(console), messages_(*console.err), json_(*console.out) {
    if (console.err_is_terminal) messages_.set_window([] { return terminal_columns(STDERR_FILENO); });
  }

  int perform() {
    try {
      execute();
    } catch (...) {
      ending_.add(translate(std::current_exception()));
    }
    const bool done = !ending_.error;
    try {
      conclude();
    } catch (...) {
      const Error error = translate(std::current_exception());
      ending_.add(error);
      if (!is_broken_pipe(error)) messages_.error(error);
      if (done && !is_broken_pipe(error)) note_done();
    }
    return ending_.code;
  }

 private:
  static bool is_broken_pipe(const Error& error) {
    return error.kind() == ErrorKind::interrupted && error.signal() == SIGPIPE;
  }

  void execute() {
    if (asks_for_json(words_)) begin_json();
    if (const auto at = find_word(words_)) word_ = words_[*at];
    Request request = parse_request(words_);
    word_ = std::string(request.command->spec.word);
    const bool json = request.arguments.has("json");
    if (json && !request.command->spec.json)
      throw Error(ErrorKind::usage, "store " + word_ + ": has no --json: its output is the content itself");
    if (json) begin_json();
    std::vector<std::string> line = {"store"};
    line.insert(line.end(), words_.begin(), words_.end());
    const bool perf = request.arguments.has("perf");
    Context context(console_, messages_,
                    {.spec = request.command->spec,
                     .arguments = std::move(request.arguments),
                     .command_line = std::move(line),
                     .json = json ? &json_ : nullptr});
    const int answer = run_command(*request.command, context);
    // A signal to a whole group of processes also ends what was read from: then it is the reason of the failures.
    if (!context.failures().empty() && console_.cancel != nullptr) console_.cancel->check();
    if (answer == k_exit_no) ending_.code = k_exit_no;
    for (const Error& failure : context.failures()) ending_.add(failure);
    context.finish();
    if (perf) context.print_perf();
  }

  static int run_command(const Command& command, Context& context) try {
    return command.run(context);
  } catch (Error& error) {
    const bool interrupted = error.kind() == ErrorKind::interrupted && !is_broken_pipe(error);
    if (interrupted && command.spec.resumes && error.hint().empty())
      error.with_hint("the same command again: it goes on from here");
    throw;
  }

  /// The exit code alone would not tell that there is a commit now.
  void note_done() {
    const Command* command = find_command(word_);
    if (command != nullptr && (command->spec.makes_commits || command->spec.resumes))
      messages_.note("note: the command itself is done, only what it prints is lost");
  }

  void begin_json() {
    if (json_.depth() == 0) json_.begin_object();
  }

  void print_short_help() {
    const std::size_t columns = console_.err_is_terminal ? terminal_columns(STDERR_FILENO) : k_prose_off_terminal;
    std::string text = short_help(std::min(columns, k_widest_prose));
    text.pop_back();  // line() ends the last one
    messages_.line(text);
  }

  void conclude() {
    if (ending_.error && !is_broken_pipe(*ending_.error)) {
      messages_.error(*ending_.error);
      if (word_.empty() && json_.depth() == 0 && !find_word(words_)) print_short_help();
    }
    if (json_.depth() > 0) {
      json_.close_to(1);
      json_.field("ok", !ending_.error.has_value());
      json_.field("command", word_.empty() ? std::optional<std::string>() : std::optional(word_));
      if (ending_.error) write_error(json_, *ending_.error, ending_.code);
      write_warnings(json_, messages_.warnings());
      json_.end();
      console_.out->write("\n");
    }
    console_.out->flush();
  }

  const std::vector<std::string>& words_;
  Console& console_;
  Messages messages_;
  JsonWriter json_;
  std::string word_;
  Ending ending_;
};

}  // namespace

int run(const std::vector<std::string>& arguments, Console& console) {
  try {
    return Run(arguments, console).perform();
  } catch (const std::bad_alloc&) {
    // There was no memory either to say so in a proper way.
    try {
      console.err->write("error: out of memory\n");
      console.err->flush();
    } catch (...) {
    }
    return exit_code_of(Error(ErrorKind::system, {}));
  }
}

}  // namespace store
