#include "app/commit_arguments.h"

#include <fmt/format.h>

#include "app/child.h"
#include "app/context.h"
#include "app/identity.h"
#include "app/ingest_output.h"
#include "app/log_format.h"
#include "app/quote.h"
#include "base/date.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::size_t k_max_meta_key = 64;

std::pair<std::string, std::string> parse_meta(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string key = text.substr(0, equals);
  const bool valid = !key.empty() && key.size() <= k_max_meta_key &&
                     key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == key.npos;
  if (equals == text.npos || !valid)
    throw Error(ErrorKind::usage,
                "--meta: '" + escape_name(text) + "' is not KEY=VALUE with a key of 1 to 64 of a-z 0-9 . _ -");
  return {key, text.substr(equals + 1)};
}

std::optional<std::string> editor_of(const Console& console) {
  if (!console.in_is_terminal || !console.err_is_terminal) return std::nullopt;
  for (const char* name : {"STORE_EDITOR", "VISUAL", "EDITOR"})
    if (const auto editor = console.variable(name)) return editor;
  return std::nullopt;
}

/// `prepared`: what a merge has made ready, to be edited or taken as it is.
std::string message_of(Context& context, const std::string& prepared) {
  const Arguments& arguments = context.arguments();
  const auto file = arguments.last("file");
  const std::vector<std::string>& paragraphs = arguments.all("message");
  if (file && !paragraphs.empty()) throw Error(ErrorKind::usage, "store " + std::string(context.word()) + ": -m and -F exclude each other");
  if (file) return context.read_input("-F", *file);
  if (!paragraphs.empty()) {
    std::string message;
    for (const std::string& paragraph : paragraphs) message += (message.empty() ? "" : "\n\n") + paragraph;
    if (message.empty()) throw Error(ErrorKind::usage, "the commit message is empty", "give one with -m");
    return message;
  }
  const auto editor = editor_of(context.console());
  if (!editor && !prepared.empty()) return {};
  if (!editor) throw Error(ErrorKind::usage, "store " + std::string(context.word()) + ": no message", "store " + std::string(context.word()) + " -m MESSAGE");
  return edit_message(context.console(), *editor, context.workspace().repository().path() + "/COMMIT_EDITMSG",
                      prepared, "# The message goes above this line; an empty one makes no commit.\n");
}

std::string changes_text(const ChangeSummary& changes) {
  const std::uint64_t paths = changes.added + changes.modified + changes.deleted;
  std::string text = " " + counted(paths, "path") + " changed";
  const std::pair<std::uint64_t, std::string_view> k_parts[] = {
      {changes.added, "added"}, {changes.modified, "modified"}, {changes.deleted, "deleted"}};
  const char* separator = ": ";
  for (const auto& [count, name] : k_parts) {
    if (count == 0) continue;
    text += separator + human_count(count) + " " + std::string(name);
    separator = ", ";
  }
  return text;
}

}  // namespace

std::vector<OptionSpec> commit_options() {
  return {
      {.letter = 'm', .name = "message", .argument = "MESSAGE", .help = "the message; several are its paragraphs"},
      {.letter = 'F',
       .name = "file",
       .argument = "FILE",
       .help = "the message from FILE; - is standard input",
       .completes = Completes::file},
      {.name = "author", .argument = "AUTHOR", .help = "\"Name <email>\""},
      {.name = "date", .argument = "DATE", .help = "time of the commit"},
      {.name = "meta", .argument = "KEY=VALUE", .help = "a fact about the commit (repeatable)"},
      {.name = "skip-if-unchanged", .help = "if nothing changed, end with 0"},
  };
}

void read_commit_options(Context& context, CommitOptions& options) {
  const Arguments& arguments = context.arguments();
  if (const auto author = arguments.last("author")) options.author = parse_identity(*author);
  if (const auto text = arguments.last("date")) {
    options.date = parse_date(*text, context.now());
    if (!options.date) throw Error(ErrorKind::usage, "--date: '" + escape_name(*text) + "' is no date");
  }
  options.skip_if_unchanged = arguments.has("skip-if-unchanged");
  for (const std::string& text : arguments.all("meta")) {
    const auto [key, value] = parse_meta(text);
    options.meta[key] = value;
  }
  const bool given = context.arguments().has("message") || context.arguments().has("file");
  if (!options.amend || given) options.message = message_of(context, options.prepared);  // or as it was
}

void write_commit(JsonWriter& json, const CommitResult& result) {
  write_totals(json, result.totals, result.failed, result.seconds);
  json.field("id", result.id.is_zero() ? std::optional<ObjectId>() : std::optional(result.id));
  json.field("tree", result.tree.is_zero() ? std::optional<ObjectId>() : std::optional(result.tree));
  json.key("parents").begin_array();
  for (const ObjectId& parent : result.parents) json.value(parent);
  json.end();
  json.field("branch", result.branch.empty() ? std::optional<std::string>() : std::optional(result.branch));
  json.field("committed", result.committed);
  json.key("changes").begin_object();
  json.field("added", result.changes.added);
  json.field("modified", result.changes.modified);
  json.field("deleted", result.changes.deleted);
  json.end();
  json.field("merged_bytes", result.merged_bytes);
}

std::string commit_text(const CommitResult& result, SizeText size) {
  const std::string where = result.branch.empty() ? "detached HEAD" : escape_name(result.branch);
  return fmt::format("[{}{} {}] {}\n{}; {}\n {}\n", where, result.root ? " (root-commit)" : "", result.id.short_hex(),
                     shown_text(result.subject), changes_text(result.changes), ingested_text(result.totals, result.seconds, size),
                     stored_text(result.totals, size));
}

}  // namespace store
