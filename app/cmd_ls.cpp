#include "app/commands.h"
#include "app/context.h"
#include "app/entry_output.h"
#include "app/revision_arguments.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/tree_reader.h"
#include "worktree/index.h"

namespace store {
namespace {

struct LsRequest {
  std::string target = "HEAD:";
  bool details = false;
  bool recursive = false;
  bool null = false;
};

LsRequest parse(const Arguments& arguments) {
  LsRequest request;
  if (!arguments.positionals.empty()) request.target = arguments.positionals.front();
  request.details = arguments.has("long");
  request.recursive = arguments.has("recursive");
  request.null = arguments.has("null");
  return request;
}

using Visit = std::function<void(const std::string& path, const TreeEntry& entry)>;

void list_tree(const ObjectReader& objects, const TreeTarget& target, bool recursive, const Visit& visit) {
  if (recursive) {
    walk_tree(objects, target.entry.id, target.path, [&](const std::string& path, const TreeEntry& entry) {
      visit(path, entry);
      return true;
    });
    return;
  }
  for (TreeCursor cursor(objects, target.entry.id); !cursor.at_end(); cursor.next())
    visit(join_path(target.path, cursor.entry().name), cursor.entry());
}

/// Bytes below a staged directory.
std::uint64_t staged_bytes(const Index& index, const std::string& directory) {
  std::uint64_t sum = 0;
  for (Index::Cursor cursor = index.seek(directory); !cursor.at_end() && is_within(cursor.entry().path, directory);
       cursor.next()) {
    const IndexEntry& found = cursor.entry();
    if (is_regular(found.kind) || found.kind == EntryKind::symlink) sum = saturating_add(sum, found.size);
  }
  return sum;
}

/// A directory of the index; the trees of what changed since the last commit do not exist yet.
void list_staged(const Repository& repository, const TreeTarget& target, bool recursive, const Visit& visit) {
  const Index index(repository.fs(), repository.fd());
  Index::Cursor cursor = index.seek(target.path);
  if (!cursor.at_end() && cursor.entry().path == target.path) cursor.next();
  while (!cursor.at_end() && is_within(cursor.entry().path, target.path)) {
    const IndexEntry& found = cursor.entry();
    TreeEntry entry{found.kind, found.mode, found.size, std::string(base_name(found.path)), found.id};
    if (entry.kind == EntryKind::directory) entry.size = staged_bytes(index, found.path);
    visit(found.path, entry);
    if (recursive)
      cursor.next();
    else
      cursor.next_sibling();
  }
}

void list(Workspace& workspace, const TreeTarget& target, bool recursive, const Visit& visit) {
  const Visit checked = [&](const std::string& path, const TreeEntry& entry) {
    workspace.check_cancelled();
    visit(path, entry);
  };
  if (target.entry.kind != EntryKind::directory)
    checked(target.path, target.entry);
  else if (target.staged)
    list_staged(workspace.repository(), target, recursive, checked);
  else
    list_tree(workspace.objects(), target, recursive, checked);
}

int run(Context& context) {
  const LsRequest request = parse(context.arguments());
  const TreeTarget target = resolve_tree_target(context, request.target);
  Workspace& workspace = context.workspace();
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.key("entries").begin_array();
    list(workspace, target, request.recursive, [&](const std::string& path, const TreeEntry& entry) {
      write_entry(json, workspace.objects(), path, entry);
    });
    json.end();
    return 0;
  }
  if (request.recursive) context.use_pager();
  const Table table = entry_table(request.null ? std::nullopt : context.window_columns());
  list(workspace, target, request.recursive, [&](const std::string& path, const TreeEntry& entry) {
    const auto shown = [&](const std::string& name) { return request.null ? name : escape_name(name); };
    std::string line = shown(path);
    if (request.details && entry.kind == EntryKind::symlink)
      line += " -> " + shown(symlink_target(workspace.objects(), entry));
    if (request.details) line = table.line(entry_cells(entry), line);
    line += request.null ? '\0' : '\n';
    context.out().write(line);
  });
  return 0;
}

}  // namespace

Command ls_command() {
  return {{.word = "ls",
           .summary = "list a directory of a commit",
           .usage = {"ls [-l] [-r] [-z] [REV[:PATH]]"},
           .description =
               "One directory, or a file itself; with -r everything below, directories before their content. REV is HEAD if it\n"
               "is not given; :PATH is what is staged. Paths are shown from the root of the tree.",
           .options = {{.letter = 'l', .name = "long", .help = "type and mode, size, id; sizes of directories are what is below"},
                       {.letter = 'r', .name = "recursive", .help = "everything below"},
                       {.letter = 'z', .name = "null", .help = "raw names, ended by NUL"}},
           .max_positionals = 1,
           .completes = Completes::content},
          run};
}

}  // namespace store
