#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "app/ingest_output.h"
#include "app/quote.h"
#include "app/stream_arguments.h"
#include "base/text.h"

namespace store {
namespace {

AddOptions parse(Context& context) {
  const Arguments& arguments = context.arguments();
  AddOptions options;
  options.all = arguments.has("all");
  options.update = arguments.has("update");
  options.dry_run = arguments.has("dry-run");
  options.force = arguments.has("force");
  if (options.all && options.update) throw Error(ErrorKind::usage, "store add: -A and -u exclude each other");
  const std::optional<std::string> files_from = arguments.last("files-from");
  if (files_from && !arguments.positionals.empty())
    throw Error(ErrorKind::usage, "store add: PATH and --files-from exclude each other");
  if (arguments.has("null") && !files_from) throw Error(ErrorKind::usage, "store add: -z belongs to --files-from");
  const bool streams = takes_streams(context);
  if (!files_from && arguments.positionals.empty() && !options.all && !options.update && !streams)
    throw Error(ErrorKind::usage, "store add: no PATH", "store add .");
  read_exclude_options(context, options);

  context.workspace().worktree_fd();  // a bare repository has no paths to speak of
  const PathArguments paths = context.path_arguments();
  if (files_from) {
    const std::string text = context.read_input("--files-from", *files_from);
    for (std::string& path : paths.resolve_all(split_names(text, arguments.has("null") ? '\0' : '\n')))
      options.paths.push_back(Pathspec::exactly(std::move(path)));
    options.paths_from_file = true;
  } else {
    options.paths = paths.resolve_pathspecs(arguments.positionals);
  }
  for (const Pathspec& path : options.paths) paths.check_no_symlink(path);
  options.streams = read_stream_options(context, [&](const std::string& name) {
    std::string path = paths.resolve(name);
    paths.check_no_symlink(path);
    return path;
  });
  return options;
}

void print_text(Context& context, const AddResult& result, bool dry_run) {
  if (context.quiet()) return;
  const IngestTotals& totals = result.totals;
  const SizeText size = context.size_text();
  std::string line = fmt::format("{} {}", dry_run ? "would add" : "added", ingested_text(totals, result.seconds, size));
  if (totals.unchanged_files > 0) line += fmt::format(", {} known already", human_count(totals.unchanged_files));
  if (result.deleted > 0) line += fmt::format(", {} deleted", human_count(result.deleted));
  line += "\n " + stored_text(totals, size) + "\n";
  if (context.verbose())
    line += fmt::format(" {} of {} read, {} mapped, {} streamed\n", human_count(totals.cache_misses), counted(totals.files, "file"),
                        size(totals.mapped_bytes), size(totals.streamed_bytes));
  context.say(line);
}

/// Whoever looks for the file finds none.
void note_streams(Context& context, const AddOptions& options) {
  if (options.streams.empty() || options.dry_run) return;
  std::string what = "the members of an archive are";
  if (options.streams.size() > 1) what = fmt::format("what came from {} streams is", options.streams.size());
  else if (options.streams.front().kind == StreamInput::Kind::file) what = escape_name(options.streams.front().path) + " is";
  context.out().flush();  // the summary first
  context.messages().note(fmt::format("note: {} staged, and no file is made or missed here; next: store commit", what));
}

int run(Context& context) {
  const AddOptions options = parse(context);
  // --files-from of an empty list means no path at all, not everything.
  context.warn_of_changed_ids(options.dry_run ? Context::Remember::no : Context::Remember::yes);
  const bool nothing = options.paths_from_file && options.paths.empty() && options.streams.empty();
  context.show_progress({{Stage::scan, 0.05}, {Stage::ingest, 0.95}});
  const AddResult result = nothing ? AddResult{} : add(context.workspace(), options);
  context.end_progress();
  context.report_failed(result.failed, result.staged ? "the rest is done" : "nothing is staged");
  for (const IgnoredPath& path : result.ignored)
    context.messages().line(fmt::format("ignored: {}: by {}:{}: {}", escape_name(path.path), escape_name(path.source),
                                        path.line, escape_name(path.pattern)));
  if (!result.ignored.empty()) context.messages().note("store add -f adds ignored paths too");
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    write_totals(json, result.totals, result.failed, result.seconds);
    json.field("deleted", result.deleted);
    write_ignored(json, result.ignored);
  } else if (result.staged) {
    print_text(context, result, options.dry_run);
    note_streams(context, options);
  }
  return result.ignored.empty() ? 0 : k_exit_no;
}

}  // namespace

Command add_command() {
  CommandSpec spec{
      .word = "add",
      .summary = "stage files for the next commit",
      .usage = {"add [OPTION…] PATH…", "add -A [PATH…]", "add -u [PATH…]", "add --files-from FILE [-z]",
                "add --stdin --name NAME", "add --exec NAME -- COMMAND…", "add --tar FILE [--prefix DIR]"},
      .description =
          "Stores the content of what is there below each PATH, and stages it; stages the deletion of what is tracked\n"
          "and gone. A PATH may be a glob in which * crosses '/'.\n"
          "\n"
          "Untracked paths that ignore rules name (.storeignore files, .store/info/exclude) are left out; one that was asked\n"
          "for is named with its rule, and the exit code is 1. store check-ignore -v tells which rule decides.\n"
          "\n"
          "What cannot be read does not stop the rest: it is named, keeps what was staged before, and the exit code is 3.\n"
          "An interrupted add is taken up by the next one.\n"
          "\n"
          "Content may also come from standard input, from programs and from tar archives, several of them in one run; one\n"
          "more --exec may stand behind a command: --exec A -- x --exec B -- y. No file is made at such a path in the working\n"
          "tree, and none is missed: status does not call it deleted, and -A leaves it alone until a file appears there. If one\n"
          "of them fails, nothing is staged.\n"
          "\n"
          "In --json dedup_ratio is bytes / new_bytes, and 1.0 if nothing was new.",
      .options =
          {
              {.letter = 'A', .name = "all", .help = "untracked, changed and deleted; the whole tree without PATH"},
              {.letter = 'u', .name = "update", .help = "tracked paths only; the whole tree without PATH"},
              {.letter = 'n', .name = "dry-run", .help = "read and count everything, write nothing"},
              {.letter = 'f', .name = "force", .help = "also ignored paths"},
              {.name = "files-from",
               .argument = "FILE",
               .help = "take the names from FILE, one a line; - is standard input",
               .completes = Completes::file},
              {.letter = 'z', .name = "null", .help = "names in --files-from end with NUL"},
          },
      .completes = Completes::addable,
      .tail_of = "exec",
      .resumes = true,
  };
  for (OptionSpec& option : stream_options()) spec.options.push_back(std::move(option));
  for (OptionSpec& option : exclude_options()) spec.options.push_back(std::move(option));
  return {std::move(spec), run};
}

}  // namespace store
