#include <fmt/format.h>

#include "app/change_output.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "app/ingest_output.h"
#include "app/patch_writer.h"
#include "app/quote.h"
#include "app/revision_arguments.h"
#include "base/text.h"

namespace store {
namespace {

enum class Form { patch, stat, names, name_status, chunks };

struct DiffRequest {
  PatchWriter::Sides sides;
  std::vector<Pathspec> paths;
  std::optional<ListedChange> pair;  // REV:PATH REV2:PATH2 of two files: this alone
  Form form = Form::patch;
  bool null = false;
};

bool names_head(std::string_view revision) { return revision == "HEAD" || revision == "@"; }

/// A commit's tree. Before the first commit HEAD's is the empty one.
DiffSide tree_side(Workspace& workspace, const std::string& revision) {
  if (names_head(revision) && !workspace.refs().head().commit) return {DiffSide::Kind::tree, {}};
  return {DiffSide::Kind::tree, read_commit(workspace.objects(), resolve_revision(workspace, revision).commit).tree};
}

/// A..B, of which an empty side is HEAD; nothing if the word is no range.
std::optional<PatchWriter::Sides> range_sides(Context& context, const std::string& word) {
  Workspace& workspace = context.workspace();
  const std::size_t dots = word.find("..");
  if (dots == std::string::npos || word.find("...") != std::string::npos) return {};
  const auto side = [](std::string name) { return name.empty() ? std::string("HEAD") : name; };
  const std::string from = side(word.substr(0, dots));
  const std::string to = side(word.substr(dots + 2));
  const bool empty = names_head(from) && names_head(to) && !workspace.refs().head().commit;
  if (!empty && !try_resolve_range(context, word)) return {};
  return PatchWriter::Sides{tree_side(workspace, from), tree_side(workspace, to)};
}

Form form_of(const Arguments& arguments) {
  constexpr std::pair<const char*, Form> k_forms[] = {
      {"stat", Form::stat}, {"name-only", Form::names}, {"name-status", Form::name_status}, {"chunks", Form::chunks}};
  Form form = Form::patch;
  for (const auto& [name, value] : k_forms) {
    if (!arguments.has(name)) continue;
    if (form != Form::patch) throw Error(ErrorKind::usage, std::string("store diff: --") + name + ": one form at a time");
    form = value;
  }
  return form;
}

/// Two directories are compared as trees, two files as one change.
void compare_targets(Context& context, const std::vector<std::string>& names, DiffRequest& request) {
  const TreeTarget before = resolve_tree_target(context, names[0]);
  const TreeTarget after = resolve_tree_target(context, names[1]);
  const bool directory = before.entry.kind == EntryKind::directory;
  if (directory != (after.entry.kind == EntryKind::directory))
    throw Error(ErrorKind::usage, escape_name(names[directory ? 0 : 1]) + ": is a directory, and the other side is none");
  if (directory) {
    if (before.staged || after.staged) throw Error(ErrorKind::usage, "store diff: a staged directory is no tree yet", "store diff --staged");
    request.sides = {{DiffSide::Kind::tree, before.entry.id}, {DiffSide::Kind::tree, after.entry.id}};
    return;
  }
  const bool same_content = (before.entry.kind == after.entry.kind && before.entry.id == after.entry.id) ||
                            same_chunks(context.workspace().objects(), before.entry, after.entry);
  ListedChange change{after.path, Change::modified, {}, before.entry, after.entry};
  if (before.path != after.path) change.from = before.path;
  if (before.path != after.path && same_content) change.change = Change::renamed;
  if (!same_content || before.entry.mode != after.entry.mode || before.path != after.path) request.pair = std::move(change);
}

void read_sides(Context& context, const std::vector<std::string>& revisions, DiffRequest& request) {
  Workspace& workspace = context.workspace();
  const bool staged = context.arguments().has("staged");
  const auto named = [&](std::size_t i) { return tree_side(workspace, revisions[i]); };
  if (revisions.size() > (staged ? 1u : 2u))
    throw Error(ErrorKind::usage, "store diff: unexpected argument " + escape_name(revisions.back()));
  if (staged) {
    request.sides = {revisions.empty() ? tree_side(workspace, "HEAD") : named(0), {DiffSide::Kind::index}};
  } else if (revisions.empty()) {
    request.sides = {{DiffSide::Kind::index}, {DiffSide::Kind::worktree}};
  } else if (const auto range = revisions.size() == 1 ? range_sides(context, revisions[0]) : std::nullopt) {
    request.sides = *range;
  } else {
    request.sides = {named(0), revisions.size() == 2 ? named(1) : DiffSide{DiffSide::Kind::worktree}};
  }
  if (request.sides.after.kind != DiffSide::Kind::tree) workspace.worktree_fd();  // a bare repository has neither
}

DiffRequest parse(Context& context) {
  const Arguments& arguments = context.arguments();
  DiffRequest request;
  request.form = form_of(arguments);
  request.null = arguments.has("null");
  if (request.null && request.form != Form::names && request.form != Form::name_status)
    throw Error(ErrorKind::usage, "store diff: -z goes with --name-only or --name-status");
  const std::vector<std::string>& words = arguments.positionals;
  const bool targets = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    const RevisionPath split = split_revision_path(word);
    return split.path && !split.revision.empty() && !is_path_argument(context, word, "put -- before paths");
  });
  if (targets) {
    if (words.size() != 2 || arguments.has("staged") || arguments.has_tail)
      throw Error(ErrorKind::usage, "store diff: REV:PATH is compared with another REV:PATH");
    compare_targets(context, words, request);
    return request;
  }
  const RevisionsAndPaths split = split_revisions_and_paths(context);
  read_sides(context, split.revisions, request);
  const PathArguments resolver = context.path_arguments();
  request.paths = resolver.resolve_pathspecs(split.paths);
  // In commits the path may have been a directory's.
  if (request.sides.after.kind != DiffSide::Kind::tree)
    for (const Pathspec& path : request.paths) resolver.check_no_symlink(path);
  return request;
}

class Printer {
 public:
  Printer(Context& context, const DiffRequest& request)
      : context_(context),
        request_(request),
        workspace_(context.workspace()),
        patch_(workspace_, request.sides, context.console().environment, context.color(), context.out()) {}

  void print(const ListedChange& change) {
    switch (request_.form) {
      case Form::patch: patch_.write(change); break;
      case Form::stat: print_line(line_of(change)); break;
      case Form::names: print_name(change.path); break;
      case Form::name_status: print_name_status(change); break;
      case Form::chunks: print_chunks(change); break;
    }
  }

  void write_json(JsonWriter& json, const ListedChange& change) {
    begin_change(json, change, bytes_of(change));
    if (request_.form == Form::chunks) {
      json.key("ranges").begin_array();
      each_range(change, [&](const ChangedRange& range) {
        json.begin_object();
        json.field("old_start", range.old_start);
        json.field("old_length", range.old_length);
        json.field("new_start", range.new_start);
        json.field("new_length", range.new_length);
        json.end();
      });
      json.end();
    }
    json.end();
  }

 private:
  std::uint64_t bytes_of(const ListedChange& change) { return changed_bytes(workspace_, request_.sides.after, change); }

  void each_range(const ListedChange& change, const std::function<void(const ChangedRange&)>& visit) {
    const auto regular = [](const std::optional<TreeEntry>& entry) { return !entry || is_regular(entry->kind); };
    if (!regular(change.before) || !regular(change.after) || (change.before && change.after && change.before->id == change.after->id))
      return;
    if (!change.before || !change.after) {
      const std::uint64_t size = change.entry().size;
      if (size != 0) visit({0, change.before ? size : 0, 0, change.after ? size : 0});
      return;
    }
    RecipeDiff ranges = changed_ranges(workspace_, request_.sides.after, change);
    while (const std::optional<ChangedRange> range = ranges.next()) visit(*range);
  }

  std::string line_of(const ListedChange& change) {
    return change_line(change, bytes_of(change), {context_.color(), context_.size_text(), context_.window_columns()});
  }

  void print_line(const std::string& text) { context_.out().write(text + "\n"); }

  /// As git quotes, and what that leaves to a terminal is escaped.
  static std::string quoted_name(const std::string& path) { return escape_name(c_quoted(path)); }

  void print_name(const std::string& path) {
    context_.out().write(request_.null ? path + '\0' : quoted_name(path) + "\n");
  }

  void print_name_status(const ListedChange& change) {
    const bool renamed = change.change == Change::renamed;
    std::string letter(1, letter_of(change.change));
    if (renamed) letter += "100";
    context_.out().write(letter + (request_.null ? '\0' : '\t'));
    if (renamed) context_.out().write(request_.null ? change.from + '\0' : quoted_name(change.from) + "\t");
    print_name(change.path);
  }

  void print_chunks(const ListedChange& change) {
    print_line(line_of(change));
    each_range(change, [&](const ChangedRange& range) {
      print_line(fmt::format("  {} {} {} {}", range.old_start, range.old_length, range.new_start, range.new_length));
    });
  }

  Context& context_;
  const DiffRequest& request_;
  Workspace& workspace_;
  PatchWriter patch_;
};

int run(Context& context) {
  const DiffRequest request = parse(context);
  bool any = false;
  std::vector<PathFailure> failed;
  const auto each = [&](const std::function<void(const ListedChange&)>& visit) {
    const auto noted = [&](const ListedChange& change) {
      any = true;
      visit(change);
    };
    if (request.pair) noted(*request.pair);
    else if (request.sides.before.kind != DiffSide::Kind::tree || request.sides.before.tree || request.sides.after.kind != DiffSide::Kind::tree || request.sides.after.tree)
      failed = diff(context.workspace(), request.sides.before, request.sides.after, request.paths, noted);
  };
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    Printer printer(context, request);
    json.key("changes").begin_array();
    each([&](const ListedChange& change) { printer.write_json(json, change); });
    json.end();
    write_failed(json, failed);
  } else {
    if (!request.null) context.use_pager();
    Printer printer(context, request);
    each([&](const ListedChange& change) { printer.print(change); });
  }
  context.report_failed(failed);
  return any && context.arguments().has("exit-code") ? k_exit_no : 0;
}

}  // namespace

Command diff_command() {
  return {{.word = "diff",
           .summary = "show what differs between working tree, what is staged, and commits",
           .usage = {"diff [OPTION…] [--] [PATH…]", "diff --staged [OPTION…] [REV] [--] [PATH…]", "diff [OPTION…] A [B] [--] [PATH…]",
                     "diff [OPTION…] A..B [--] [PATH…]", "diff [OPTION…] REV:PATH REV2:PATH2"},
           .description =
               "Without a revision: what is staged against the working tree. With --staged: REV (HEAD) against what is staged. A: that\n"
               "commit against the working tree; A B: two commits. Of the working tree only tracked paths count.\n"
               "\n"
               "Text is shown as a unified diff that patch -p1 applies. Of other files one line says how much changed; --chunks\n"
               "lists the ranges, as old_start old_length new_start new_length. Both come from the chunks that are stored: only\n"
               "changed files of the working tree are read.",
           .options =
               {
                   {.name = "staged", .help = "what the next commit holds, against REV"},
                   {.name = "stat", .help = "how much changed of each path"},
                   {.name = "name-only", .help = "paths alone"},
                   {.name = "name-status", .help = "paths and a letter: A, M, D, R, T"},
                   {.name = "chunks", .help = "the ranges of each file that changed"},
                   {.letter = 'z', .name = "null", .help = "raw names ended by NUL"},
                   {.name = "exit-code", .help = "end with 1 if anything differs"},
               },
           .completes = Completes::content,
           .tail = true},
          run};
}

}  // namespace store
