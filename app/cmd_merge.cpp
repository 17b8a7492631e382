#include "ops/merge.h"

#include <fmt/format.h>

#include "app/checkout_output.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/quote.h"
#include "app/revision_arguments.h"
#include "base/text.h"
#include "ops/merge_state.h"

namespace store {
namespace {

std::string conflict_line(const ConflictRecord& conflict, const PathArguments& paths) {
  const auto shown = [&](const std::string& path) { return escape_name(paths.shown(path)); };
  const std::string path = shown(conflict.path);
  switch (conflict.conflict) {
    case MergeConflict::both_modified:
      return fmt::format("CONFLICT (content): {}: ours is kept, theirs is {}\n", path, shown(conflict.beside));
    case MergeConflict::both_added:
      return fmt::format("CONFLICT (add/add): {}: ours is kept, theirs is {}\n", path, shown(conflict.beside));
    case MergeConflict::deleted_by_us:
      return fmt::format("CONFLICT (modify/delete): {}: deleted here, modified there: theirs is kept\n", path);
    case MergeConflict::deleted_by_them:
      return fmt::format("CONFLICT (modify/delete): {}: modified here, deleted there: ours is kept\n", path);
    case MergeConflict::file_directory:
      return fmt::format("CONFLICT (file/directory): {}: is a directory on one side, the file is {}\n", path,
                         shown(conflict.beside));
    case MergeConflict::none: break;
  }
  return {};
}

void write_json(JsonWriter& json, const MergeResult& result) {
  json.field("id", result.id);
  json.field("fast_forward", result.fast_forward);
  json.field("up_to_date", result.up_to_date);
  json.key("conflicts").begin_array();
  for (const ConflictRecord& conflict : result.conflicts) {
    json.begin_object();
    json.path_field("path", conflict.path);
    json.field("change", name_of(change_of(conflict.conflict)));
    json.field("state", letters_of(conflict.conflict));
    if (conflict.beside.empty()) json.key("beside").null();
    else json.path_field("beside", conflict.beside);
    json.end();
  }
  json.end();
  write_checkout(json, result.files);
}

void print_text(Context& context, const MergeResult& result) {
  if (result.up_to_date) return context.say("Already up to date.\n");
  const PathArguments paths = context.path_arguments();
  for (const ConflictRecord& conflict : result.conflicts) context.say(conflict_line(conflict, paths));
  if (!result.conflicts.empty()) return;
  const std::string id = result.id->short_hex();
  context.say(result.fast_forward ? fmt::format("Fast-forward to {}\n", id) : fmt::format("Merged as {}\n", id));
  const ChangeSummary& changes = result.changes;
  context.say(fmt::format(" {} changed: {} added, {} modified, {} deleted\n",
                                  counted(changes.added + changes.modified + changes.deleted, "path"),
                                  human_count(changes.added), human_count(changes.modified), human_count(changes.deleted)));
}

void finish(Context& context, MergeResult& result) {
  context.report_failed(result.files.failed);
  if (result.files.damaged)
    context.fail(Error(ErrorKind::corrupt, "the repository is damaged: some files did not come out", "store fsck"));
  note_not_restored(context, result.files.not_restored);
  if (!result.conflicts.empty()) {
    std::vector<std::string> paths;
    for (const ConflictRecord& conflict : result.conflicts) paths.push_back(conflict.path);
    context.fail(Error(ErrorKind::conflict, fmt::format("the merge has {}", counted(paths.size(), "conflict")),
                       "settle each with store add PATH or store rm PATH, then store commit; or store merge --abort")
                     .with_paths(std::move(paths)));
  }
  if (context.json()) write_json(context.begin_result(), result);
  else if (!context.quiet()) print_text(context, result);
}

int abort(Context& context) {
  CheckoutResult result = abort_merge(context.workspace());
  context.end_progress();
  if (!context.json()) {
    finish_checkout(context, result, ShowHead::no);
    return 0;
  }
  MergeResult undone;
  undone.id = result.head;
  undone.files = std::move(result);
  finish(context, undone);
  return 0;
}

int run(Context& context) {
  const Arguments& arguments = context.arguments();
  const std::vector<std::string>& names = arguments.positionals;
  const bool gives_up = arguments.has("abort");
  context.workspace().worktree_fd();
  if (gives_up && (!names.empty() || arguments.has("no-ff") || arguments.has("message")))
    throw Error(ErrorKind::usage, "store merge --abort: takes nothing else");
  if (!gives_up && names.empty()) throw Error(ErrorKind::usage, "store merge: no REV", "store branch lists what could be merged");
  context.show_progress({{Stage::scan, 0.05}, {Stage::fetch, 0.05}, {Stage::write, 0.85}, {Stage::verify, 0.05}});
  if (gives_up) return abort(context);
  MergeOptions options;
  options.name = names.front();
  options.revision = resolve_revision(context.workspace(), options.name);
  if (options.name == "HEAD" || options.name == "@") options.revision.branch.clear();
  options.no_ff = arguments.has("no-ff");
  options.unrelated = arguments.has("allow-unrelated-histories");
  for (const std::string& paragraph : arguments.all("message"))
    options.message += (options.message.empty() ? "" : "\n\n") + paragraph;
  MergeResult result = merge(context.workspace(), options);
  context.end_progress();
  finish(context, result);
  return 0;
}

}  // namespace

Command merge_command() {
  return {{.word = "merge",
           .summary = "bring another branch's changes into this one",
           .usage = {"merge [OPTION…] REV", "merge --abort"},
           .description =
               "Brings in what REV has since the two histories parted. If HEAD has nothing of its own, the branch just moves on\n"
               "(fast-forward). Otherwise each path is decided by its id: what one side changed is taken from there, and the result\n"
               "is a commit with two parents. Content is neither read nor mixed, however large it is; a change of content and one\n"
               "of permissions go together.\n"
               "\n"
               "What both sides changed is a conflict, and the exit code is 7: PATH keeps ours, and theirs is put beside it as\n"
               "PATH~BRANCH (or ten digits of its id). Of a path that one side deleted and the other modified, the modified one stays.\n"
               "Where one side has a file and the other a directory, the file goes to PATH~BRANCH. store status lists the\n"
               "conflicts; store add PATH or store rm PATH settles one, and store commit finishes the merge; commit -a and -A settle\n"
               "all of them as PATH is in the working tree. The copies PATH~BRANCH are yours to delete: until the merge is finished,\n"
               "add -A and commit -A leave them out. --abort puts files and index back as they were; what was done to the files\n"
               "meanwhile is stored first, and store undo brings it back.\n"
               "\n"
               "A merge needs an index like HEAD. Changes of the working tree that are not in the way stay as they are; those that are, are\n"
               "listed, and nothing is touched. store undo takes a merge back.\n"
               "\n"
               "With several best common ancestors (histories that cross) the earliest one counts, then the one with the lowest id.",
           .options = {{.name = "no-ff", .help = "make a commit, even if the branch could just move on"},
                       {.letter = 'm', .name = "message", .argument = "MESSAGE", .help = "the commit's message; several are its paragraphs"},
                       {.name = "abort", .help = "give up the merge in progress"},
                       {.name = "allow-unrelated-histories", .help = "also without a common ancestor"}},
           .max_positionals = 1,
           .completes = Completes::revision,
           .makes_commits = true,
           .resumes = true},
          run};
}

}  // namespace store
