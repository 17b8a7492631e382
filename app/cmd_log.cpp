#include <fmt/format.h>

#include "app/bar.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/log_format.h"
#include "app/log_graph.h"
#include "app/revision_arguments.h"
#include "app/table.h"
#include "base/text.h"
#include "ops/commit_graph.h"
#include "ops/growth.h"
#include "ops/log.h"

namespace store {
namespace {

struct LogRequest {
  LogOptions options;
  bool graph = false;
  bool oneline = false;
  bool growth = false;
  std::optional<LogFormat> format;
};

void read_revisions(Context& context, LogOptions& options) {
  const RevisionsAndPaths split = split_revisions_and_paths(context);
  const bool unborn = !context.workspace().refs().head().commit;
  for (const std::string& text : split.revisions) {
    if (unborn && (text == "HEAD" || text == "@")) continue;  // the history is empty
    if (const auto range = try_resolve_range(context, text)) {
      options.exclude.push_back(range->from.commit);
      options.start.push_back(range->to.commit);
    } else {
      if (text.find("...") != text.npos)
        throw Error(ErrorKind::usage, escape_name(text) + ": is no range", "store log A..B");
      // A range with a bad side: the side is what the error names.
      const std::size_t dots = text.find("..");
      const auto part = [&](std::string name) { return name.empty() ? std::string("HEAD") : name; };
      if (dots != text.npos && dots > 0) resolve_revision(context.workspace(), part(text.substr(0, dots)));
      if (dots != text.npos) resolve_revision(context.workspace(), part(text.substr(dots + 2)));
      options.start.push_back(resolve_revision(context.workspace(), text).commit);
    }
  }
  options.paths = context.path_arguments().resolve_pathspecs(split.paths);
  if (context.arguments().has("all")) {
    options.start = every_tip(context.workspace());
  } else if (split.revisions.empty()) {
    if (const auto head = context.workspace().refs().head().commit) options.start.push_back(*head);
  }
}

LogRequest parse(Context& context) {
  const Arguments& arguments = context.arguments();
  LogRequest request;
  LogOptions& options = request.options;
  options.limit = arguments.number("max-count");
  options.since = arguments.date_seconds("since", context.now());
  options.until = arguments.date_seconds("until", context.now());
  options.author = arguments.last("author");
  options.grep = arguments.last("grep");
  for (const std::string& text : arguments.all("meta")) {
    const std::size_t equals = text.find('=');
    options.meta.emplace_back(text.substr(0, equals),
                              equals == text.npos ? std::nullopt : std::optional(text.substr(equals + 1)));
  }
  options.first_parent = arguments.has("first-parent");
  options.reverse = arguments.has("reverse");
  request.graph = arguments.has("graph");
  request.oneline = arguments.has("oneline");
  request.growth = arguments.has("growth");
  if (const auto text = arguments.last("format")) request.format.emplace(*text);
  if (request.oneline && request.format) throw Error(ErrorKind::usage, "store log: --oneline and --format exclude each other");
  read_revisions(context, options);
  // A commit that is left out would leave its lane open.
  const bool filtered = options.since || options.until || options.author || options.grep || !options.meta.empty() ||
                        !options.paths.empty() || options.reverse;
  if (request.graph && filtered)
    throw Error(ErrorKind::usage, "store log: --graph shows whole histories: no --reverse, filter or PATH with it");
  return request;
}

using GrowthByCommit = std::unordered_map<ObjectId, Growth, ObjectIdHash>;

/// Prints commits as text, one after the other.
class TextLog {
 public:
  TextLog(Context& context, const LogRequest& request, const GrowthByCommit& growth)
      : context_(context), request_(request), growth_(growth) {
    for (const auto& [id, brought] : growth) most_stored_ = std::max(most_stored_, brought.new_stored_bytes);
  }

  void add(const ObjectId& id, const Commit& commit) {
    // Only the default form has an empty line between commits.
    const bool spaced = !request_.oneline && !request_.format;
    LogGraph::Rows rows;
    if (request_.graph) {
      const std::size_t shown_parents = request_.options.first_parent ? 1 : commit.parents.size();
      rows = graph_.add(id, {commit.parents.begin(),
                             commit.parents.begin() + static_cast<std::ptrdiff_t>(std::min(shown_parents, commit.parents.size()))});
    }
    std::vector<std::string> lines = lines_of(id, commit, std::max(rows.commit.size(), rows.rest.size()));
    if (request_.graph && spaced) lines.emplace_back();
    if (!request_.graph && spaced && !std::exchange(first_, false)) lines.insert(lines.begin(), std::string());
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i) out += (i == 0 ? rows.commit : rows.rest) + lines[i] + "\n";
    for (const std::string& joint : rows.joints) out += joint + "\n";
    context_.out().write(out);
  }

 private:
  /// `margin`: columns that the graph takes.
  std::vector<std::string> lines_of(const ObjectId& id, const Commit& commit, std::size_t margin) const {
    if (request_.format) return {request_.format->apply(id, commit)};
    const auto found = growth_.find(id);
    if (!request_.oneline) {
      std::vector<std::string> lines = commit_lines(id, commit, context_.color(), window_behind(margin));
      if (found != growth_.end())
        lines.insert(std::find(lines.begin(), lines.end(), std::string()), growth_line(found->second, margin));
      return lines;
    }
    const std::string head = id.short_hex();
    std::string subject = shown_text(commit.subject());
    const std::optional<std::size_t> room = window_behind(margin + head.size() + 1);
    if (room && *context_.window_columns() < k_narrow_window) subject = shortened(subject, *room, Keep::head);
    std::string line = found == growth_.end() ? head + " " + subject : growth_row(head, found->second, subject, margin);
    if (context_.color()) line.replace(0, head.size(), "\x1b[33m" + head + "\x1b[0m");
    return {line};
  }

  std::string drawn(const Growth& growth) const {
    return context_.draws() ? bar(growth.new_stored_bytes, most_stored_, k_bar) : std::string();
  }

  std::optional<std::size_t> window_behind(std::size_t columns) const {
    const std::optional<std::size_t> window = context_.window_columns();
    return window ? std::optional(*window - std::min(*window, columns)) : window;
  }

  std::string growth_line(const Growth& growth, std::size_t margin) const {
    const SizeText size = context_.size_text();
    std::string line = "Growth: " + size(growth.new_bytes) + " new";
    const std::size_t room = window_behind(margin).value_or(~std::size_t{0});
    for (const std::string& more : {", " + size(growth.new_stored_bytes) + " packed", "  " + drawn(growth)}) {
      if (line.size() + more.size() > room) break;
      line += more;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  }

  std::string growth_row(const std::string& head, const Growth& growth, const std::string& subject, std::size_t margin) const {
    const SizeText size = context_.size_text();
    std::vector<Table::Column> columns{{.width = head.size()}, {.width = 13, .rank = 1}, {.width = 16, .rank = 2, .gap = 2}};
    std::vector<std::string> cells{head, size(growth.new_bytes) + " new", size(growth.new_stored_bytes) + " packed"};
    if (context_.draws()) {
      columns.push_back({.width = k_bar, .align = Table::Align::left, .rank = 3, .gap = 2});
      cells.push_back(drawn(growth));
    }
    return Table(std::move(columns), window_behind(margin), k_least_name).line(cells, subject, Keep::head);
  }

  Context& context_;
  const LogRequest& request_;
  static constexpr std::size_t k_bar = 16;
  const GrowthByCommit& growth_;
  std::uint64_t most_stored_ = 0;
  LogGraph graph_;
  bool first_ = true;
};

/// Nothing is printed then, although there are commits.
void note_unborn(Context& context, const LogOptions& options) {
  if (!options.start.empty()) return;
  const RefStore& refs = context.workspace().refs();
  const RefStore::Head head = refs.head();
  if (head.commit || refs.list("refs/heads/").empty()) return;
  constexpr std::string_view k_heads = "refs/heads/";
  const std::string name = head.branch.starts_with(k_heads) ? head.branch.substr(k_heads.size()) : head.branch;
  context.messages().note(
      fmt::format("note: {} has no commit yet, other branches have; try: store log --all", escape_name(name)));
}

int run(Context& context) {
  const LogRequest request = parse(context);
  Workspace& workspace = context.workspace();
  note_unborn(context, request.options);
  GrowthByCommit growth;
  if (request.growth) {
    context.show_progress({{Stage::scan, 1}});
    context.enter_stage(Stage::scan, std::nullopt);
    growth = growth_of_history(workspace, request.options.start);
    context.end_progress();
  }
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.key("commits").begin_array();
    log(workspace, request.options, [&](const ObjectId& id, const Commit& commit) {
      json.begin_object();
      write_commit(json, id, commit);
      if (request.growth) {
        json.field("new_bytes", growth[id].new_bytes);
        json.field("new_stored_bytes", growth[id].new_stored_bytes);
      }
      json.end();
      return true;
    });
    json.end();
    return 0;
  }
  context.use_pager();
  TextLog text(context, request, growth);
  log(workspace, request.options, [&](const ObjectId& id, const Commit& commit) {
    text.add(id, commit);
    return true;
  });
  return 0;
}

}  // namespace

Command log_command() {
  return {{.word = "log",
           .summary = "show the history",
           .usage = {"log [OPTION…] [REV|A..B] [-- PATH…]"},
           .description =
               "Commits that can be reached from REV (HEAD), children before parents whatever their clocks say. A..B: those that\n"
               "can be reached from B and not from A. With PATH only commits that change something there.",
           .options =
               {
                   {.letter = 'n', .name = "max-count", .argument = "N", .help = "at most N commits; also -N", .digits = true},
                   {.name = "oneline", .help = "one line for each commit: short id and subject"},
                   {.name = "graph", .help = "draw the lines of descent"},
                   {.name = "format",
                    .argument = "TEXT",
                    .help = "a line made of {id} {short} {time} (UTC) {author} {subject} {meta.KEY}"},
                   {.name = "since", .argument = "DATE", .help = "not older than DATE"},
                   {.name = "until", .argument = "DATE", .help = "not newer than DATE"},
                   {.name = "author", .argument = "PATTERN", .help = "\"Name <email>\" of the author matches PATTERN, a basic regular expression"},
                   {.name = "grep", .argument = "PATTERN", .help = "a line of the message matches PATTERN, a basic regular expression"},
                   {.name = "meta", .argument = "KEY[=VALUE]", .help = "has this meta key, with this value (repeatable)"},
                   {.name = "all", .help = "from every branch and tag"},
                   {.name = "first-parent", .help = "follow only the first parent of merges"},
                   {.name = "reverse", .help = "oldest first"},
                   {.name = "growth", .help = "what each commit brought that no earlier one holds: content, and its part of the packs as they are now"},
               },
           .completes = Completes::revision,
           .tail = true},
          run};
}

}  // namespace store
