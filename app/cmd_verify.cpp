#include "ops/verify_worktree.h"

#include "app/commands.h"
#include "app/context.h"
#include "app/ingest_output.h"
#include "app/quote.h"
#include "base/text.h"
#include "ops/revision.h"
#include "ops/tree_reader.h"

namespace store {
namespace {

int run(Context& context) {
  const Arguments& arguments = context.arguments();
  if (!arguments.has("worktree")) throw Error(ErrorKind::usage, "store verify: no --worktree, the one thing it can verify",
                                                    "store verify --worktree, or store fsck to check the repository itself");
  Workspace& workspace = context.workspace();
  workspace.worktree_fd();
  const std::string revision = arguments.positionals.empty() ? "HEAD" : arguments.positionals.front();
  const ObjectId id = resolve_revision(workspace, revision).commit;
  const ObjectId tree = read_commit(workspace.objects(), id).tree;
  context.show_progress({{Stage::verify, 1}});
  context.enter_stage(Stage::verify, TreeCursor(workspace.objects(), tree).bytes());
  std::uint64_t differences = 0;
  std::vector<PathFailure> failed;
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.key("differences").begin_array();
    failed = verify_worktree(workspace, tree, [&](const std::string& path, Change change) {
      ++differences;
      json.begin_object();
      json.path_field("path", path);
      json.field("change", name_of(change));
      json.end();
    });
    json.end();
    context.end_progress();
    write_failed(json, failed);
  } else {
    StatusList found;  // printed behind the bars
    failed = verify_worktree(workspace, tree,
                             [&](const std::string& path, Change change) { found.add({path, change, {}, false}); });
    context.end_progress();
    differences = found.size();
    for (const StatusEntry entry : found)
      context.say(std::string(name_of(entry.change)) + ": " + escape_name(entry.path) + "\n");
    if (differences == 0 && failed.empty() && !context.quiet())
      context.say("the working tree is what " + id.short_hex() + " says\n");
  }
  context.report_failed(failed, "the rest is compared");
  if (differences > 0)
    context.fail(Error(ErrorKind::verification, "the working tree differs from " + id.short_hex() + " in " + counted(differences, "path")));
  return 0;
}

}  // namespace

Command verify_command() {
  return {{.word = "verify",
           .summary = "compare the working tree with a commit, byte by byte",
           .usage = {"verify --worktree [REV]"},
           .description =
               "Reads every file of the working tree and compares names, types, permissions and content with REV (HEAD), without\n"
               "restoring anything and without trusting times. What REV does not hold is listed as added, unless it is\n"
               "ignored. A set-id bit that a checkout may not set is no difference. Exit 5 if anything differs, else 3 if something could\n"
               "not be read.",
           .options = {{.name = "worktree", .help = "the working tree"}},
           .max_positionals = 1,
           .completes = Completes::revision},
          run};
}

}  // namespace store
