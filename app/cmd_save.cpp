#include "ops/save.h"

#include <fmt/format.h>

#include "app/commands.h"
#include "app/commit_arguments.h"
#include "app/context.h"
#include "app/ingest_output.h"
#include "app/quote.h"
#include "app/stream_arguments.h"
#include "base/path.h"
#include "base/text.h"

namespace store {
namespace {

/// A name in the tree that is made: relative to its root, wherever we are.
std::string path_in_tree(const std::string& name) {
  std::string path;
  if (!normalise_path("", name, path))
    throw Error(ErrorKind::usage, escape_name(name) + ": is outside the tree");
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (const std::string_view fault = name_fault(std::string_view(path).substr(begin, end - begin)); !fault.empty())
      throw Error(ErrorKind::usage, fmt::format("{}: {}", escape_name(name), fault));
    begin = end + 1;
  }
  return path;
}

SaveOptions parse(Context& context) {
  const Arguments& arguments = context.arguments();
  SaveOptions options;
  const bool streams = takes_streams(context);
  const auto branch = arguments.last("branch");
  if (!branch) throw Error(ErrorKind::usage, "store save: no branch", "store save DIR -b BRANCH -m MESSAGE");
  options.branch = *branch;
  options.tag = arguments.last("tag");
  options.strict = arguments.has("strict");
  if (streams == !arguments.positionals.empty())
    throw Error(ErrorKind::usage, streams ? "store save: DIR and streams exclude each other" : "store save: no DIR or FILE",
                "store save DIR -b BRANCH -m MESSAGE");
  if (!streams && arguments.positionals.front().empty())
    throw Error(ErrorKind::usage, "store save: an empty path is no path", ".");
  if (!streams) options.path = absolute_path(context.cwd(), arguments.positionals.front());
  while (options.path.size() > 1 && options.path.back() == '/') options.path.pop_back();
  context.workspace();
  read_exclude_options(context, options.add);
  read_commit_options(context, options.commit);
  options.add.streams = read_stream_options(context, path_in_tree);
  return options;
}

void print_text(Context& context, const SaveOptions& options, const CommitResult& result) {
  const bool unchanged = !result.committed && !result.id.is_zero() && result.failed.empty();
  if (context.quiet()) {
    if (result.committed || unchanged) context.out().write(result.id.hex() + "\n");
  } else if (result.committed) {
    context.say(commit_text(result, context.size_text()));
  } else if (unchanged) {
    context.say(fmt::format("nothing changed: {} stays at {}\n", escape_name(options.branch), result.id.short_hex()));
  }
}

int run(Context& context) {
  const SaveOptions options = parse(context);
  context.warn_of_changed_ids();
  context.show_progress({{Stage::scan, 0.05}, {Stage::ingest, 0.85}, {Stage::commit, 0.1}});
  const CommitResult result = save(context.workspace(), options);
  context.end_progress();
  context.report_failed(result.failed, result.committed || !result.tree.is_zero() ? "the rest is saved" : "nothing is saved");
  if (context.json()) write_commit(context.begin_result(), result);
  else print_text(context, options, result);
  return 0;
}

}  // namespace

Command save_command() {
  CommandSpec spec{
      .word = "save",
      .summary = "commit a folder to a branch in one step",
      .usage = {"save [OPTION…] DIR|FILE -b BRANCH -m MESSAGE", "save [OPTION…] --stdin --name NAME -b BRANCH -m MESSAGE",
                "save [OPTION…] -b BRANCH -m MESSAGE --exec NAME -- COMMAND…", "save [OPTION…] --tar FILE -b BRANCH -m MESSAGE"},
      .description =
          "For jobs: no index and no working tree take part, any repository will do, and any number of saves may run at\n"
          "once. What is in DIR becomes the tree of a commit on BRANCH, which is made if it is missing; DIR's own name and\n"
          "mode are not recorded. Its .storeignore files apply, and the repository itself is skipped. A branch that is checked\n"
          "out is refused.\n"
          "\n"
          "Instead of DIR, content may come from standard input, from programs and from tar archives, several of them in one\n"
          "run, with names from the root of the tree. If one of them fails, nothing is saved.\n"
          "\n"
          "Files that did not change since the last save of the same path are not read again (cache_hits in --json). Those\n"
          "that cannot be read are left out and named, and the exit code is 3; with --strict, or if it is DIR or FILE itself,\n"
          "there is no commit then. If another save moves the branch meanwhile, the commit is put on top of it.",
      .options =
          {
              {.letter = 'b', .name = "branch", .argument = "BRANCH", .help = "the branch", .completes = Completes::branch},
              {.name = "tag", .argument = "NAME", .help = "also make this tag, together with the commit"},
              {.name = "strict", .help = "no commit if anything could not be read"},
          },
      .max_positionals = 1,
      .completes = Completes::file,
      .tail_of = "exec",
      .makes_commits = true,
  };
  std::vector<OptionSpec> facts = commit_options();
  spec.options.insert(spec.options.begin(), facts.begin(), facts.end());
  for (OptionSpec& option : stream_options()) spec.options.push_back(std::move(option));
  for (OptionSpec& option : exclude_options()) spec.options.push_back(std::move(option));
  return {std::move(spec), run};
}

}  // namespace store
