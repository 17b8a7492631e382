#include "ops/commit.h"

#include <fmt/format.h>

#include "app/commands.h"
#include "app/commit_arguments.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "app/ingest_output.h"
#include "ops/merge_state.h"

namespace store {
namespace {

CommitOptions parse(Context& context) {
  const Arguments& arguments = context.arguments();
  CommitOptions options;
  options.stage_tracked = arguments.has("a");
  options.stage_all = arguments.has("all");
  options.allow_empty = arguments.has("allow-empty");
  options.amend = arguments.has("amend");
  read_exclude_options(context, options.add);
  context.workspace().worktree_fd();  // refused before an editor starts
  if (const std::optional<MergeRecord> merge = pending_merge(context.workspace())) options.prepared = merge->message;
  read_commit_options(context, options);
  return options;
}

void print_text(Context& context, const CommitResult& result, const CommitOptions& options) {
  if (!result.committed) {
    const char* more = options.stage_all || options.stage_tracked ? "" : ": nothing is staged; store commit -A takes all that changed";
    if (!context.quiet()) context.say(fmt::format("nothing to commit{}\n", more));
    return;
  }
  if (context.quiet()) {
    context.out().write(result.id.hex() + "\n");
    return;
  }
  context.say(commit_text(result, context.size_text()));
}

int run(Context& context) {
  const CommitOptions options = parse(context);
  context.warn_of_changed_ids();
  context.show_progress({{Stage::scan, 0.05}, {Stage::ingest, 0.85}, {Stage::commit, 0.1}});
  const CommitResult result = commit(context.workspace(), options);
  context.end_progress();
  context.report_failed(result.failed);
  if (context.json())
    write_commit(context.begin_result(), result);
  else
    print_text(context, result, options);
  if (result.committed || options.skip_if_unchanged) {
    if (!result.committed && context.quiet() && !context.json() && !result.id.is_zero())
      context.out().write(result.id.hex() + "\n");
    return 0;
  }
  return k_exit_no;
}

}  // namespace

Command commit_command() {
  CommandSpec spec{
      .word = "commit",
      .summary = "record what is staged",
      .usage = {"commit [OPTION…] -m MESSAGE", "commit [OPTION…] -F FILE"},
      .description =
          "Makes a commit of what is staged and moves the branch to it. Without -m and -F the editor is started on a\n"
          "terminal (STORE_EDITOR, VISUAL, EDITOR). If nothing changed there is no commit, and the exit code is 1.\n"
          "\n"
          "The time is --date, else SOURCE_DATE_EPOCH, else now; the author --author, else user.name and user.email, else\n"
          "the login name.\n"
          "\n"
          "In --json files, bytes and chunks are those of the whole tree, new_* and stored_bytes what no earlier commit holds;\n"
          "dedup_ratio is bytes / new_bytes, and 1.0 if nothing was new.",
      .options =
          {
              {.letter = 'a', .help = "stage what changed or is gone of the tracked paths first"},
              {.letter = 'A', .name = "all", .help = "stage everything first, untracked files too"},
              {.name = "allow-empty", .help = "also if nothing changed"},
              {.name = "amend", .help = "replace the last commit; what is not given stays as it was"},
          },
      .max_positionals = 0,
      .makes_commits = true,
      .resumes = true,
  };
  std::vector<OptionSpec> facts = commit_options();
  spec.options.insert(spec.options.begin(), facts.begin(), facts.end());
  for (OptionSpec& option : exclude_options()) spec.options.push_back(std::move(option));
  return {std::move(spec), run};
}

}  // namespace store
