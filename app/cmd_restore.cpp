#include <fmt/format.h>

#include "app/checkout_output.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/ingest_output.h"
#include "app/quote.h"
#include "base/text.h"
#include "ops/restore.h"

namespace store {
namespace {

std::vector<std::string> path_words(const Context& context, const std::string& word) {
  std::vector<std::string> words = context.arguments().positionals;
  words.insert(words.end(), context.arguments().tail.begin(), context.arguments().tail.end());
  if (words.empty())
    throw Error(ErrorKind::usage, "store " + word + ": no PATH", "store " + word + (word == "mv" ? " OLD NEW" : " FILE"));
  return words;
}

std::vector<Pathspec> pathspecs(Context& context, const std::string& word) {
  const std::vector<std::string> words = path_words(context, word);
  context.workspace().worktree_fd();
  const PathArguments arguments = context.path_arguments();
  std::vector<Pathspec> specs = arguments.resolve_pathspecs(words);
  for (const Pathspec& spec : specs) arguments.check_no_symlink(spec);
  return specs;
}

int run_restore(Context& context) {
  const Arguments& arguments = context.arguments();
  PutBackOptions options;
  options.paths = pathspecs(context, "restore");
  options.staged = arguments.has("staged");
  if (const auto source = arguments.last("source")) options.source = resolve_revision(context.workspace(), *source);
  context.show_progress({{Stage::scan, 0.05}, {Stage::fetch, 0.05}, {Stage::write, 0.85}, {Stage::verify, 0.05}});
  CheckoutResult result = restore(context.workspace(), options);
  context.end_progress();
  if (options.staged && !context.json()) return 0;
  finish_checkout(context, result, ShowHead::no);
  return 0;
}

void write_path_list(JsonWriter& json, const StatusList& paths) {
  bool plain = true;
  json.key("paths").begin_array();
  for (const StatusEntry& entry : paths) {
    json.value(entry.path);
    plain = plain && is_valid_utf8(entry.path);
  }
  json.end();
  if (plain) return;
  json.key("paths_base64").begin_array();
  for (const StatusEntry& entry : paths) {
    if (is_valid_utf8(entry.path)) json.null();
    else json.value(base64(entry.path));
  }
  json.end();
}

void write_paths(Context& context, const RemoveResult& result, std::string_view done) {
  context.report_failed(result.failed);
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    write_path_list(json, result.paths);
    write_failed(json, result.failed);
  } else if (!context.quiet()) {
    context.say(fmt::format("{} {}\n", counted(result.paths.size(), "path"), done));
  }
}

int run_rm(Context& context) {
  const Arguments& arguments = context.arguments();
  RemoveOptions options;
  options.paths = pathspecs(context, "rm");
  options.recursive = arguments.has("recursive");
  options.cached = arguments.has("cached");
  options.force = arguments.has("force");
  write_paths(context, remove_paths(context.workspace(), options), options.cached ? "untracked" : "removed");
  return 0;
}

int run_mv(Context& context) {
  std::vector<std::string> words = path_words(context, "mv");
  if (words.size() < 2) throw Error(ErrorKind::usage, "store mv: takes PATH… and where they go");
  context.workspace().worktree_fd();
  const PathArguments arguments = context.path_arguments();
  MoveOptions options;
  options.force = context.arguments().has("force");
  for (std::string& path : arguments.resolve_all(words)) {
    arguments.check_no_symlink(Pathspec::exactly(path));
    options.sources.push_back(std::move(path));
  }
  options.target = std::move(options.sources.back());
  options.sources.pop_back();
  write_paths(context, move_paths(context.workspace(), options), "moved");
  return 0;
}

}  // namespace

Command restore_command() {
  return {{.word = "restore",
           .summary = "put files back as they are staged",
           .usage = {"restore [--source REV] PATH…", "restore --staged [--source REV] PATH…"},
           .description =
               "Overwrites files with what is staged, or with what REV has. It asks for no --force: the bytes it discards are\n"
               "stored first, and store undo brings them back. With --staged what is staged becomes as in HEAD, or REV, and\n"
               "files are left alone.",
           .options = {{.letter = 'S', .name = "staged", .help = "what is staged, not the files"},
                       {.letter = 's',
                        .name = "source",
                        .argument = "REV",
                        .help = "take the content from REV",
                        .completes = Completes::revision}},
           .completes = Completes::tracked,
           .tail = true},
          run_restore};
}

Command rm_command() {
  return {{.word = "rm",
           .summary = "remove files from the working tree and from what is staged",
           .usage = {"rm [-r] [-f] PATH…", "rm --cached [-r] [-f] PATH…"},
           .description =
               "Removes tracked files, and the directories that this empties. What has content that was never committed is\n"
               "refused without -f, which stores it first: store undo brings it back. --cached leaves the files where they are.",
           .options = {{.letter = 'r', .name = "recursive", .help = "PATH may be a directory"},
                       {.name = "cached", .help = "stop tracking; keep the files"},
                       {.letter = 'f', .name = "force", .help = "also what is modified"}},
           .completes = Completes::tracked,
           .tail = true},
          run_rm};
}

Command mv_command() {
  return {{.word = "mv",
           .summary = "give tracked files another name or place",
           .usage = {"mv [-f] PATH NEW", "mv [-f] PATH… DIR"},
           .description = "Renames in the working tree and in what is staged; no content is read.",
           .options = {{.letter = 'f', .name = "force", .help = "over a file that is there"}},
           .completes = Completes::tracked,
           .tail = true},
          run_mv};
}

}  // namespace store
