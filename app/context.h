#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/child.h"
#include "app/configuration.h"
#include "app/console.h"
#include "app/json_writer.h"
#include "app/messages.h"
#include "app/parser.h"
#include "app/path_arguments.h"
#include "app/progress_view.h"
#include "base/text.h"
#include "ops/workspace.h"

namespace store {

/// What one command has at hand: its arguments, the settings, the repository, and the places where results go. Everything
/// is opened on first use, so `help` and `version` work anywhere. One thread.
class Context {
 public:
  struct Setup {
    const CommandSpec& spec;
    Arguments arguments;
    std::vector<std::string> command_line;  // for messages and the oplog
    JsonWriter* json = nullptr;             // with --json
  };
  Context(Console& console, Messages& messages, Setup setup);
  ~Context();

  const Arguments& arguments() const { return setup_.arguments; }
  const Console& console() const { return console_; }
  Messages& messages() { return messages_; }
  /// The word that is run.
  std::string_view word() const { return setup_.spec.word; }
  /// Absolute, after every -C.
  const std::string& cwd() const;
  bool json() const { return setup_.json != nullptr; }
  bool quiet() const { return arguments().has("quiet"); }
  bool verbose() const { return arguments().has("verbose"); }
  std::int64_t now() const { return now_; }

  /// Where text results go: standard output, or the pager.
  Sink& out() { return pager_ ? pager_->sink() : *console_.out; }
  /// Results in colour on a terminal.
  bool color() const;
  /// Somebody looks at the results: bars are for them.
  bool draws() const { return on_terminal(console_.out_is_terminal); }
  /// How sizes are shown to people: exactly with -v.
  SizeText size_text() const { return verbose() ? exact_size : human_size; }
  /// Of the terminal that results go to; nothing if nobody looks at them.
  std::optional<std::size_t> window_columns() const;
  /// Sentences for people: lines that the window has no room for are broken between words.
  void say(std::string_view text);
  /// How long lines of prose may be.
  std::size_t prose_columns() const;
  /// How long a bar behind `used` columns of text may be, so that no line wraps; 0: there is no room for one.
  std::size_t bar_columns(std::size_t used) const;
  /// From here on results go through the pager, if standard output is a terminal.
  void use_pager();
  /// The `result` object of --json, open: the runner closes it.
  JsonWriter& begin_result();
  /// The same of a word whose result is a list.
  JsonWriter& begin_result_list();

  /// Settings of all layers; with the repository's file if there is a repository, or none is needed otherwise.
  const Config& config();
  const Settings& settings() { return config().settings(); }
  /// One warning if settings that ids depend on are not those that the repository was made with, unless the last one of it said
  /// the same; that is remembered unless nothing may be written.
  enum class Remember : bool { no, yes };
  void warn_of_changed_ids(Remember remember = Remember::yes);
  Environment environment();
  /// The repository that was named or found; nothing if there is none.
  std::optional<FoundRepository> repository();
  /// Opens it; Error{no_repository} if there is none.
  Workspace& workspace();
  /// Path arguments against the workspace's tree.
  PathArguments path_arguments();

  /// Shows the stages of the work that follows.
  void show_progress(std::vector<StageShare> plan);
  void end_progress();
  /// For work whose command in the library has no stages of its own.
  void enter_stage(Stage stage, std::optional<std::uint64_t> bytes_total);

  /// Something failed beside the result: the exit code will tell.
  void fail(Error error) { failures_.push_back(std::move(error)); }
  /// Names each input that failed on standard error, and fails with `partial`.
  void report_failed(const std::vector<PathFailure>& failed, std::string_view otherwise = "the rest is done");
  const std::vector<Error>& failures() const { return failures_; }

  /// The content of a file named in an option, "-" is standard input: once in a run, else Error{usage}.
  std::string read_input(const std::string& option, const std::string& name);
  /// Standard input belongs to this option; Error{usage} if another one has it.
  void claim_stdin(const std::string& option);
  bool stdin_is_claimed() const { return !stdin_reader_.empty(); }

  /// Ends pager and progress; throws what standard output refused.
  void finish();
  /// --perf: time and counters of each stage, on standard error.
  void print_perf();

 private:
  std::optional<std::string> explicit_repository() const;
  FoundRepository find() const;
  bool on_terminal(bool terminal) const;
  ProgressStyle progress_style();

  Console& console_;
  Messages& messages_;
  Setup setup_;
  std::string cwd_;
  std::int64_t now_;
  Progress progress_;
  std::unique_ptr<Config> config_;
  std::optional<FoundRepository> found_;
  std::unique_ptr<Workspace> workspace_;
  std::unique_ptr<ProgressView> view_;
  std::vector<ProgressView::StageReport> reports_;
  std::unique_ptr<Pager> pager_;
  std::vector<Error> failures_;
  std::string stdin_reader_;  // the option that reads standard input
};

/// Names of a list that was read, each ended by `separator`; empty ones are none.
std::vector<std::string> split_names(const std::string& text, char separator);

}  // namespace store
