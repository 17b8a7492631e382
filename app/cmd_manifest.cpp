#include "ops/manifest.h"

#include "app/commands.h"
#include "app/context.h"
#include "app/revision_arguments.h"

namespace store {
namespace {

/// A line that `sha256sum -c` reads: names with a backslash, newline or carriage return are escaped, and say so up front.
std::string sum_line(const ObjectId& sha256, const std::string& path) {
  std::string name;
  for (const char c : path) {
    if (c == '\\') name += "\\\\";
    else if (c == '\n') name += "\\n";
    else if (c == '\r') name += "\\r";
    else name += c;
  }
  return (name.size() != path.size() ? "\\" : "") + sha256.hex() + "  " + name + "\n";
}

int run(Context& context) {
  const std::vector<std::string>& positionals = context.arguments().positionals;
  const TreeTarget target = resolve_tree_target(context, positionals.empty() ? "HEAD:" : positionals.front());
  if (target.staged) throw Error(ErrorKind::usage, "store manifest: what is staged has none", "store manifest HEAD");
  Workspace& workspace = context.workspace();
  // A bar among the lines on a terminal would be torn.
  if (context.json() || !context.console().out_is_terminal) context.show_progress({{Stage::fetch, 1}});
  context.enter_stage(Stage::fetch, std::nullopt);
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.key("files").begin_array();
    manifest(workspace, target.entry, target.path, [&](const std::string& path, const TreeEntry& entry, const ObjectId& hash) {
      json.begin_object();
      json.path_field("path", path);
      json.field("sha256", hash);
      json.field("size", entry.size);
      json.end();
    });
    json.end();
    return 0;
  }
  manifest(workspace, target.entry, target.path, [&](const std::string& path, const TreeEntry&, const ObjectId& hash) {
    context.out().write(sum_line(hash, path));
  });
  return 0;
}

}  // namespace

Command manifest_command() {
  return {{.word = "manifest",
           .summary = "print the SHA-256 of every file of a commit",
           .usage = {"manifest [REV[:PATH]]"},
           .description =
               "The regular files of REV (HEAD) in the form of sha256sum: in a checkout of REV, sha256sum -c passes. Nothing is\n"
               "read but large files, once: their sums are remembered in the repository.",
           .max_positionals = 1,
           .completes = Completes::content},
          run};
}

}  // namespace store
