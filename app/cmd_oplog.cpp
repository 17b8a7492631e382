#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "app/table.h"
#include "base/date.h"
#include "base/text.h"
#include "ops/history.h"

namespace store {
namespace {

void write_value(JsonWriter& json, std::string_view key, const std::optional<RefValue>& value) {
  if (value && !value->id)
    json.path_field(key, value->branch);
  else
    json.field(key, value ? value->id : std::nullopt);
}

void write_step(JsonWriter& json, const OplogStep& step) {
  json.begin_object();
  json.field("id", step.id);
  json.field("time", format_utc(step.record.time.seconds));
  json.path_field("command", step.record.command);
  json.key("refs").begin_array();
  for (const RefChange& change : step.record.changes) {
    json.begin_object();
    json.path_field("name", change.name);
    write_value(json, "old", change.old_value);
    write_value(json, "new", change.new_value);
    json.end();
  }
  json.end();
  json.end();
}

int run(Context& context) {
  std::uint64_t left = context.arguments().number("max-count").value_or(~0ULL);
  const Workspace& workspace = context.workspace();
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.key("entries").begin_array();
    if (left > 0) visit_oplog(workspace, [&](const OplogStep& step) {
      write_step(json, step);
      return --left > 0;
    });
    json.end();
    return 0;
  }
  context.use_pager();
  const Table table({{.width = 10, .align = Table::Align::left}, {.width = 25, .align = Table::Align::left, .rank = 1}},
                    context.window_columns(), k_least_name);
  if (left > 0) visit_oplog(workspace, [&](const OplogStep& step) {
    context.out().write(table.line({step.id.short_hex(), format_local(step.record.time.seconds)}, escape_name(step.record.command),
                                   Keep::head) +
                        "\n");
    return --left > 0;
  });
  return 0;
}

}  // namespace

Command oplog_command() {
  return {{.word = "oplog",
           .summary = "list what was done, newest first",
           .usage = {"oplog [-n N]"},
           .description = "Every operation that moved a branch, a tag or HEAD, or wrote over files: id, time, and command line. store undo\n"
                          "takes the newest back, store undo ID a certain one. store help undo says which words are in it.",
           .options = {{.letter = 'n', .name = "max-count", .argument = "N", .help = "the last N only", .digits = true}},
           .max_positionals = 0},
          run};
}

}  // namespace store
