#include <fmt/format.h>

#include "app/bar.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/revision_arguments.h"
#include "app/table.h"
#include "base/text.h"
#include "ops/growth.h"

namespace store {
namespace {

struct DuRequest {
  TreeTarget target;
  std::optional<ObjectId> base;  // with --new
};

DuRequest parse(Context& context) {
  const Arguments& arguments = context.arguments();
  std::string text = arguments.positionals.empty() ? "HEAD:" : arguments.positionals.front();
  if (arguments.positionals.size() > 1) {
    if (text.find(':') != text.npos)
      throw Error(ErrorKind::usage, "store du: " + escape_name(text) + ": has a path, and another one follows");
    text += ":" + context.path_arguments().resolve(arguments.positionals[1]);
  }
  DuRequest request;
  request.target = resolve_tree_target(context, text);
  if (request.target.staged) throw Error(ErrorKind::usage, "store du: of commits only", "store du HEAD");
  if (!arguments.has("new")) return request;
  const RevisionPath split = split_revision_path(text);
  const bool path_alone = !split.path && is_path_argument(context, text, "HEAD:" + escape_name(text));
  request.base = resolve_revision(context.workspace(), path_alone ? "HEAD" : split.revision).commit;
  return request;
}

void write_figures(JsonWriter& json, const DuEntry& entry) {
  const auto field = [&](std::string_view name, std::uint64_t Growth::*member) {
    json.field(name, entry.growth ? std::optional(*entry.growth.*member) : std::nullopt);
  };
  json.field("bytes", entry.entry.content_bytes());
  field("new_bytes", &Growth::new_bytes);
  field("new_stored_bytes", &Growth::new_stored_bytes);
}

void print_json(Context& context, const DuRequest& request) {
  JsonWriter& json = context.begin_result();
  json.key("entries").begin_array();
  du(
      context.workspace(), request.target.entry, request.target.path, request.base,
      [&](const DuEntry& entry) {
        json.begin_object();
        json.path_field("path", entry.path);
        write_figures(json, entry);
        json.end();
      },
      [&](const DuEntry& total) {
        json.end();
        json.key("total").begin_object();
        write_figures(json, total);
        json.end();
      });
}

/// For people. In a narrow window the bar goes first, and of what is new the size last.
class DuTable {
 public:
  /// `whole`: what a full bar stands for, of the size or, with --new, of what is packed.
  DuTable(Context& context, const DuRequest& request, std::uint64_t whole)
      : size_(context.size_text()),
        whole_(whole),
        bar_columns_(context.draws() ? std::min<std::size_t>(context.bar_columns(50), 20) : 0),
        table_(columns_of(request.base.has_value(), bar_columns_), context.window_columns(), k_least_name) {}

  std::string head() const {
    std::string text = table_.line({"size", "new", "packed", ""});
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }

  std::string line(const DuEntry& entry, const std::string& name) const {
    std::vector<std::string> cells{size_(entry.entry.content_bytes())};
    if (entry.growth) {
      cells.push_back(size_(entry.growth->new_bytes));
      cells.push_back(size_(entry.growth->new_stored_bytes));
    }
    const std::uint64_t part = entry.growth ? entry.growth->new_stored_bytes : entry.entry.content_bytes();
    if (bar_columns_ > 0) cells.push_back(bar(part, whole_, bar_columns_));
    return table_.line(cells, name);
  }

 private:
  static std::vector<Table::Column> columns_of(bool growth, std::size_t bar_columns) {
    std::vector<Table::Column> columns{{.width = 10, .rank = growth ? 1u : 0u, .gap = 2}};
    if (growth) columns.insert(columns.end(), {{.width = 10, .gap = 2}, {.width = 10, .rank = 2, .gap = 2}});
    if (bar_columns > 0) columns.push_back({.width = bar_columns, .align = Table::Align::left, .rank = 3, .gap = 2});
    return columns;
  }

  SizeText size_;
  std::uint64_t whole_;
  std::size_t bar_columns_;
  Table table_;
};

/// What is packed of all is known last, and bars need it first: they take two walks, of which the second is for names alone.
struct Counted {
  std::vector<Growth> entries;
  std::size_t given = 0;
  Growth total = {};
};
Counted count_first(Context& context, const DuRequest& request) {
  Counted counted;
  du(
      context.workspace(), request.target.entry, request.target.path, request.base,
      [&](const DuEntry& entry) { counted.entries.push_back(*entry.growth); },
      [&](const DuEntry& total) { counted.total = *total.growth; });
  return counted;
}

int run(Context& context) {
  DuRequest request = parse(context);
  context.show_progress({{Stage::scan, 1}});
  context.enter_stage(Stage::scan, std::nullopt);
  if (context.json()) {
    print_json(context, request);
    return 0;
  }
  const bool null = context.arguments().has("null");
  std::optional<Counted> counted;
  if (request.base && context.draws() && !null) counted = count_first(context, request);
  const DuTable table(context, request, counted ? counted->total.new_stored_bytes : request.target.entry.content_bytes());
  const auto line = [&](const DuEntry& entry, const std::string& name) {
    if (context.console().out_is_terminal) context.end_progress();  // its bars and these lines would share the screen
    if (!null) {
      context.out().write(table.line(entry, name) + "\n");
      return;
    }
    std::string text = std::to_string(entry.entry.content_bytes());
    if (entry.growth) text += fmt::format(" {} {}", entry.growth->new_bytes, entry.growth->new_stored_bytes);
    context.out().write(text + " " + entry.path + '\0');
  };
  if (counted) {
    context.end_progress();
    context.out().write(table.head() + "\n");
    request.base.reset();
  }
  du(
      context.workspace(), request.target.entry, request.target.path, request.base,
      [&](DuEntry entry) {
        if (counted) entry.growth = counted->entries.at(counted->given++);
        const bool directory = entry.entry.kind == EntryKind::directory;
        line(entry, escape_name(entry.path) + (directory ? "/" : ""));
      },
      [&](DuEntry total) {
        if (counted) total.growth = counted->total;
        if (!null && total.entry.kind == EntryKind::directory) line(total, "all of it");
      });
  return 0;
}

}  // namespace

Command du_command() {
  return {{.word = "du",
           .summary = "show how large the entries of a directory are, and what is new in them",
           .usage = {"du [--new] [-z] [REV] [PATH]"},
           .description =
               "The entries of one directory of REV (HEAD) with the bytes of the files in and below them. --new adds what no\n"
               "ancestor of REV holds: content before compression, and its part of the packs as they are now, trees included.\n"
               "What two entries share counts for the first. A bar is the size, with --new what is packed, as a part of all of it.",
           .options = {{.name = "new", .help = "what no ancestor of REV holds"},
                       {.letter = 'z', .name = "null", .help = "plain bytes and raw names, ended by NUL"}},
           .max_positionals = 2,
           .completes = Completes::revision},
          run};
}

}  // namespace store
