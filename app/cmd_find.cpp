#include "ops/find.h"

#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "app/table.h"
#include "base/text.h"

namespace store {
namespace {

FindOptions parse(Context& context) {
  const Arguments& arguments = context.arguments();
  FindOptions options;
  if (!arguments.positionals.empty()) {
    options.pattern = arguments.positionals.front();
    if (options.pattern->empty()) throw Error(ErrorKind::usage, "store find: the pattern is empty");
  }
  if (const auto content = arguments.last("content")) {
    if (const auto hash = ObjectId::from_hex(*content))
      options.content = FindOptions::Content{.sha256 = *hash};
    else
      options.content = content_of_file(context.workspace(), absolute_path(context.cwd(), *content));
  }
  if (!options.pattern && !options.content)
    throw Error(ErrorKind::usage, "store find: no PATTERN and no --content", "store find '*.csv'");
  return options;
}

int run(Context& context) {
  const FindOptions options = parse(context);
  bool found = false;
  // Bars among the lines on a terminal, or under a pager, would be torn.
  if (context.json() || !context.console().out_is_terminal) context.show_progress({{Stage::scan, 1}});
  context.enter_stage(Stage::scan, std::nullopt);
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.key("matches").begin_array();
    found = find(context.workspace(), options, [&](const FindMatch& match) {
      json.begin_object();
      json.field("commit", match.commit);
      json.path_field("path", match.path);
      json.field("id", match.entry.id.is_zero() ? std::optional<ObjectId>() : std::optional(match.entry.id));
      json.field("size", match.entry.content_bytes());
      json.end();
    });
    json.end();
    return found ? 0 : k_exit_no;
  }
  const bool null = context.arguments().has("null");
  if (!null) context.use_pager();
  const Table table({{.width = 10, .align = Table::Align::left, .gap = 2}, {.width = 9, .rank = 1, .gap = 2}},
                    context.window_columns(), k_least_name);
  found = find(context.workspace(), options, [&](const FindMatch& match) {
    if (null)
      context.out().write(match.commit.hex() + " " + match.path + '\0');
    else
      context.out().write(table.line({match.commit.short_hex(), context.size_text()(match.entry.content_bytes())},
                                     escape_name(match.path)) +
                          "\n");
  });
  return found ? 0 : k_exit_no;
}

}  // namespace

Command find_files_command() {
  return {{.word = "find",
           .summary = "find files in all commits",
           .usage = {"find [-z] PATTERN", "find [-z] --content FILE|SHA256 [PATTERN]"},
           .description =
               "Looks through the commits of all branches and tags, the newest first. PATTERN is a glob, in which * crosses /,\n"
               "against the name, or against the whole path from the root if it contains a /. A path is listed once for each\n"
               "content it had, with the newest commit that holds it. Exit 1 if nothing matches.",
           .options = {{.name = "content",
                        .argument = "FILE|SHA256",
                        .help = "files of the same content as FILE, or of this SHA-256",
                        .completes = Completes::file},
                       {.letter = 'z', .name = "null", .help = "64-digit commit, space, raw path, ended by NUL"}},
           .max_positionals = 1},
          run};
}

}  // namespace store
