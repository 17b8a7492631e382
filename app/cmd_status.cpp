#include "app/commands.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "app/ingest_output.h"
#include "app/status_format.h"
#include "app/table.h"
#include "base/date.h"
#include "base/text.h"
#include "ops/merge_state.h"

namespace store {
namespace {

enum class StatusForm { human, brief, porcelain };

struct StatusRequest {
  StatusOptions options;
  StatusForm form = StatusForm::human;
  bool null = false;
  bool untracked = true;
  bool exit_code = false;
};

StatusRequest parse(Context& context) {
  const Arguments& arguments = context.arguments();
  StatusRequest request;
  request.null = arguments.has("null");
  if (arguments.has("short")) request.form = StatusForm::brief;
  if (arguments.has("porcelain") || (request.null && request.form == StatusForm::human))
    request.form = StatusForm::porcelain;
  request.exit_code = arguments.has("exit-code");
  const std::string untracked = arguments.last("untracked-files").value_or("normal");
  request.untracked = untracked != "no";
  request.options.all_untracked = untracked == "all" || context.json();
  request.options.ignored = arguments.has("ignored");
  context.workspace().worktree_fd();  // a bare repository has no paths to speak of
  const PathArguments paths = context.path_arguments();
  request.options.paths = paths.resolve_pathspecs(arguments.positionals);
  for (Pathspec& path : paths.resolve_pathspecs(arguments.tail)) request.options.paths.push_back(std::move(path));
  for (const Pathspec& path : request.options.paths) paths.check_no_symlink(path);
  return request;
}

std::string hint_of(const SessionInfo& session) { return "run it again to finish it: " + session.command; }

std::string hint_of(const MergeRecord& merge) {
  return open_conflicts(merge).empty() ? "store commit finishes it, store merge --abort gives it up"
                                       : "settle the conflicts with store add PATH or store rm PATH, then store commit; or store merge --abort";
}

void write_list(JsonWriter& json, std::string_view name, const StatusList& entries) {
  json.key(name).begin_array();
  for (const StatusEntry entry : entries) {
    json.begin_object();
    json.path_field("path", entry.path);
    json.field("change", name_of(entry.change));
    if (!entry.from.empty()) json.path_field("from", entry.from);
    json.end();
  }
  json.end();
}

void write_json(JsonWriter& json, const StatusResult& result) {
  json.field("branch", result.branch.empty() ? std::optional<std::string>() : std::optional(result.branch));
  json.field("head", result.head);
  json.field("detached", result.branch.empty());
  write_list(json, "staged", result.staged);
  write_list(json, "unstaged", result.unstaged);
  write_list(json, "untracked", result.untracked);
  json.key("conflicted").begin_array();
  for (std::size_t i = 0; i < result.conflicted.size(); ++i) {
    json.begin_object();
    json.path_field("path", result.conflicted[i].path);
    json.field("change", name_of(result.conflicted[i].change));
    json.field("state", letters_of(result.conflicts[i]));
    json.end();
  }
  json.end();
  write_list(json, "ignored", result.ignored);
  json.key("merge");
  if (result.merge) {
    json.begin_object();
    json.field("id", result.merge->theirs);
    json.field("from", result.merge->label);
    json.field("hint", hint_of(*result.merge));
    json.end();
  } else {
    json.null();
  }
  json.key("interrupted");
  if (result.interrupted) {
    json.begin_object();
    json.field("command", result.interrupted->command);
    json.field("since", format_utc(result.interrupted->start));
    json.field("hint", hint_of(*result.interrupted));
    json.end();
  } else {
    json.null();
  }
  write_failed(json, result.failed);
}

/// The long form, in the words that git's users know.
class HumanStatus {
 public:
  HumanStatus(Context& context, const StatusRequest& request, const StatusResult& result)
      : context_(context), request_(request), result_(result), paths_(context.path_arguments()), color_(context.color()) {}

  void print() {
    put(result_.branch.empty()
               ? "HEAD detached at " + (result_.head ? result_.head->short_hex() : std::string("nothing")) +
                     "\n  (on no branch: what you commit here belongs to none until store switch -c NAME makes one)\n"
               : "On branch " + escape_name(result_.branch) + "\n");
    if (!result_.head) put("\nNo commits yet\n");
    if (result_.merge)
      put("\nMerging " + escape_name(result_.merge->label) +
          (open_conflicts(*result_.merge).empty() ? ": all conflicts are settled" : "") + "\n  (" + hint_of(*result_.merge) + ")\n");
    if (result_.interrupted)
      put("\nInterrupted since " + format_local(result_.interrupted->start) + ": " +
              escape_name(result_.interrupted->command) + "\n  (run it again to finish it)\n");
    section("Changes to be committed:", {}, result_.staged, "32");
    conflicts();
    section("Changes not staged for commit:", "store add PATH… stages them", result_.unstaged, "31");
    listed("Untracked files:", "store add PATH… stages them", result_.untracked);
    listed("Ignored files:", "store add -f PATH… stages them", result_.ignored);
    if (!request_.options.paths.empty())
      conclusion_of_paths();
    else if (result_.staged.empty() && !result_.merge)
      conclusion();
  }

 private:
  void put(std::string_view text) { context_.say(text); }

  /// A path and what there is to say of it; in a narrow window below each other, shortened.
  void item(const std::string& label, std::string name, std::string_view color) {
    const std::optional<std::size_t> window = context_.window_columns();
    constexpr std::size_t k_indent = 2;
    if (!window || *window >= k_narrow_window) return context_.out().write("\t" + painted(label + name, color) + "\n");
    const std::string blanks(k_indent, ' ');
    name = shortened(name, *window - std::min(*window, 2 * k_indent), Keep::tail);
    const bool beside = k_indent + label.size() + display_columns(name) <= *window;
    context_.out().write(blanks + painted(label + (beside ? "" : "\n" + blanks + blanks) + name, color) + "\n");
  }

  std::string painted(const std::string& text, std::string_view color) const {
    return color_ ? "\x1b[" + std::string(color) + "m" + text + "\x1b[0m" : text;
  }

  std::string shown(const StatusEntry& entry, std::string_view name) const {
    std::string path(name);
    if (entry.directory && !path.ends_with('/')) path += '/';
    return escape_name(paths_.shown(path));
  }

  static std::string_view label(Change change) {
    switch (change) {
      case Change::added: return "new file:   ";
      case Change::modified: return "modified:   ";
      case Change::deleted: return "deleted:    ";
      case Change::renamed: return "renamed:    ";
      case Change::typechange: return "typechange: ";
    }
    return "";
  }

  void section(std::string_view title, std::string_view hint, const StatusList& entries,
               std::string_view color) {
    if (entries.empty()) return;
    put("\n" + std::string(title) + "\n");
    if (!hint.empty()) put("  (" + std::string(hint) + ")\n");
    for (const StatusEntry entry : entries) {
      std::string line(entry.directory && entry.change == Change::added ? "new dir:    " : label(entry.change));
      if (!entry.from.empty()) line += shown(entry, entry.from) + " -> ";
      item(line, shown(entry, entry.path), color);
    }
  }

  static std::string_view label(MergeConflict conflict) {
    switch (conflict) {
      case MergeConflict::both_modified: return "both modified:   ";
      case MergeConflict::both_added: return "both added:      ";
      case MergeConflict::deleted_by_us: return "deleted by us:   ";
      case MergeConflict::deleted_by_them: return "deleted by them: ";
      case MergeConflict::file_directory: return "file/directory:  ";
      case MergeConflict::none: break;
    }
    return "";
  }

  void conflicts() {
    if (result_.conflicted.empty()) return;
    put("\nUnmerged paths:\n");
    for (std::size_t i = 0; i < result_.conflicted.size(); ++i) {
      const StatusEntry entry = result_.conflicted[i];
      item(std::string(label(result_.conflicts[i])), shown(entry, entry.path), "31");
    }
  }

  void listed(std::string_view title, std::string_view hint, const StatusList& entries) {
    if (entries.empty()) return;
    put("\n" + std::string(title) + "\n  (" + std::string(hint) + ")\n");
    for (const StatusEntry entry : entries) item("", shown(entry, entry.path), "31");
  }

  /// Of other paths nothing is known.
  void conclusion_of_paths() {
    if (result_.staged.empty() && result_.conflicted.empty() && result_.unstaged.empty() && result_.untracked.empty()) put("no changes in these paths\n");
  }

  void conclusion() {
    if (!result_.unstaged.empty())
      put("\nno changes staged for commit\n");
    else if (!result_.untracked.empty())
      put("\nnothing staged for commit, but untracked files present\n");
    else
      put(result_.head ? "nothing to commit, working tree clean\n" : "\nnothing to commit: store add PATH… stages files\n");
  }

  Context& context_;
  const StatusRequest& request_;
  const StatusResult& result_;
  const PathArguments paths_;
  const bool color_;
};

/// Both letters in red, as git has it.
bool is_conflict(const StatusLine& line) {
  return line.staged == 'U' || line.unstaged == 'U' || (line.staged == 'A' && line.unstaged == 'A');
}

void print_lines(Context& context, const StatusRequest& request, const StatusResult& result) {
  const PathArguments paths = context.path_arguments();
  const bool brief = request.form == StatusForm::brief;
  const auto shown = [&](const std::string& path) { return brief ? paths.shown(path) : path; };
  for_each_status_line(result, [&](const StatusLine& line) {
    if (request.null) {
      context.out().write(porcelain_record(line));
      return;
    }
    std::string text = porcelain_line(line, shown);
    if (brief) text = escape_name(text);  // what git's form leaves as it is, and a terminal would obey
    if (brief && context.color()) {
      const bool untracked = line.staged == '?' || line.staged == '!' || is_conflict(line);
      const std::string first = std::string(untracked ? "\x1b[31m" : "\x1b[32m") + line.staged + "\x1b[0m";
      text = first + "\x1b[31m" + line.unstaged + "\x1b[0m" + text.substr(2);
    }
    context.out().write(text + "\n");
  });
}

int run(Context& context) {
  const StatusRequest request = parse(context);
  context.show_progress({{Stage::scan, 1}});
  StatusResult result = status(context.workspace(), request.options);
  context.end_progress();
  if (!request.untracked) result.untracked = {};
  context.report_failed(result.failed);
  if (context.json())
    write_json(context.begin_result(), result);
  else if (request.form == StatusForm::human)
    HumanStatus(context, request, result).print();
  else
    print_lines(context, request, result);
  const bool dirty = !result.staged.empty() || !result.conflicted.empty() || !result.unstaged.empty() || !result.untracked.empty();
  return request.exit_code && dirty ? k_exit_no : 0;
}

}  // namespace

Command status_command() {
  return {{.word = "status",
           .summary = "show what is staged, changed and untracked",
           .usage = {"status [OPTION…] [--] [PATH…]"},
           .description =
               "Staged: the next commit against HEAD. Not staged: the working tree against what is staged. --porcelain prints\n"
               "what git status --porcelain prints for the same state, with directories and permissions as content.",
           .options =
               {
                   {.letter = 's', .name = "short", .help = "one line for each path, from the current directory"},
                   {.name = "porcelain", .help = "the same for programs: paths from the root, never coloured"},
                   {.letter = 'z', .name = "null", .help = "like --porcelain, raw names ended by NUL"},
                   {.letter = 'u',
                    .name = "untracked-files",
                    .argument = "WHICH",
                    .help = "untracked files",
                    .choices = {"all", "normal", "no"},
                    .implied = "all"},
                   {.name = "ignored", .help = "ignored files too"},
                   {.name = "exit-code", .help = "end with 1 if anything is listed"},
               },
           .completes = Completes::addable,
           .tail = true},
          run};
}

}  // namespace store
