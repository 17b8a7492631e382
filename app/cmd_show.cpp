#include "app/change_output.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/entry_output.h"
#include "app/log_format.h"
#include "app/revision_arguments.h"
#include "base/text.h"

namespace store {
namespace {

void show_entry(Context& context, const TreeTarget& target) {
  const ObjectReader& objects = context.workspace().objects();
  if (context.json()) {
    write_entry_fields(context.begin_result(), objects, target.path, target.entry);
    return;
  }
  std::string name = escape_name(target.path.empty() ? "/" : target.path);
  if (target.entry.kind == EntryKind::symlink) name += " -> " + escape_name(symlink_target(objects, target.entry));
  context.out().write(entry_table(context.window_columns()).line(entry_cells(target.entry), name) + "\n");
}

/// Against the first parent; of a root commit everything is added.
void each_change(const Workspace& workspace, const Commit& commit, const std::function<void(const ListedChange&)>& visit) {
  std::optional<ObjectId> before;
  if (!commit.parents.empty()) before = read_commit(workspace.objects(), commit.parents.front()).tree;
  list_changes(workspace, before, commit.tree, {}, visit);
}

void show_commit(Context& context, const ObjectId& id) {
  const Workspace& workspace = context.workspace();
  const ObjectReader& objects = workspace.objects();
  const Commit commit = read_commit(objects, id);
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    write_commit(json, id, commit);
    json.key("changes").begin_array();
    each_change(workspace, commit, [&](const ListedChange& change) {
      begin_change(json, change, changed_bytes(objects, change));
      json.end();
    });
    json.end();
    return;
  }
  context.use_pager();
  const ChangeForm form{context.color(), context.size_text(), context.window_columns()};
  for (const std::string& line : commit_lines(id, commit, form.color, context.window_columns())) context.out().write(line + "\n");
  bool any = false;
  each_change(workspace, commit, [&](const ListedChange& change) {
    if (!std::exchange(any, true)) context.out().write("\n");
    context.out().write(change_line(change, changed_bytes(objects, change), form) + "\n");
  });
}

int run(Context& context) {
  const std::vector<std::string>& positionals = context.arguments().positionals;
  const std::string text = positionals.empty() ? "HEAD" : positionals.front();
  // An existing path that is no revision is that path of HEAD, as for `ls`; HEAD that nobody wrote is no path.
  const bool entry = !positionals.empty() && (split_revision_path(text).path ||
                                              is_path_argument(context, text, "HEAD:" + escape_name(text)));
  if (entry)
    show_entry(context, resolve_tree_target(context, text));
  else
    show_commit(context, resolve_argument(context, text).commit);
  return 0;
}

}  // namespace

Command show_command() {
  return {{.word = "show",
           .summary = "show a commit and what it changed",
           .usage = {"show [REV[:PATH]]"},
           .description =
               "Header, message and meta of a commit (HEAD), and the names and sizes of what it changed against its first parent.\n"
               "How much of a file changed is known from its chunks: no content is read. REV:PATH shows one entry as ls -l does;\n"
               ":PATH what is staged.",
           .max_positionals = 1,
           .completes = Completes::content},
          run};
}

}  // namespace store
