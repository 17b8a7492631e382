#include "app/checkout_output.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/revision_arguments.h"
#include "base/text.h"

namespace store {
namespace {

[[noreturn]] void refuse_paths_alone() {
  throw Error(ErrorKind::usage, "store checkout: no REV before the paths", "store checkout HEAD -- PATH");
}

void read_target(Context& context, const std::string& text, CheckoutOptions& options) {
  const RevisionPath split = split_revision_path(text);
  if (split.path && split.revision.empty()) throw Error(ErrorKind::usage, "store checkout: :PATH is no revision");
  options.revision = resolve_revision(context.workspace(), split.path ? split.revision : text);
  if (split.path) options.subtree = context.path_arguments().resolve_in_revision(*split.path);
}

/// `REV -- PATH… --out DIR` is how the synopsis reads, so --out is also known at the very end behind --. (A file of that name
/// is ./--out.)
std::optional<std::string> out_of(Arguments& arguments) {
  if (arguments.has("out")) return arguments.last("out");
  std::vector<std::string>& tail = arguments.tail;
  if (tail.size() < 2 || tail[tail.size() - 2] != "--out") return {};
  const std::string out = tail.back();
  tail.resize(tail.size() - 2);
  arguments.has_tail = !tail.empty();
  return out;
}

CheckoutOptions parse(Context& context) {
  Arguments arguments = context.arguments();
  CheckoutOptions options;
  options.force = arguments.has("force");
  if (const auto out = out_of(arguments)) {
    if (out->empty()) throw Error(ErrorKind::usage, "store checkout: --out: the name is empty");
    options.out = absolute_path(context.cwd(), *out);
  }
  const std::vector<std::string>& words = arguments.positionals;
  if (words.empty() && arguments.has_tail) refuse_paths_alone();
  if (words.empty()) throw Error(ErrorKind::usage, "store checkout: no REV", "store checkout BRANCH");

  std::vector<std::string> paths(words.begin() + 1, words.end());
  if (arguments.has_tail && !paths.empty())
    throw Error(ErrorKind::usage, "store checkout: unexpected argument " + escape_name(paths.front()));
  paths.insert(paths.end(), arguments.tail.begin(), arguments.tail.end());
  if (!arguments.has_tail && is_path_argument(context, words.front(), "put -- before paths, or behind the revision"))
    refuse_paths_alone();
  if (!options.out) context.workspace().worktree_fd();  // before HEAD, which a bare repository may lack, too
  read_target(context, words.front(), options);
  if (options.subtree && !options.out)
    throw Error(ErrorKind::usage, "store checkout: REV:PATH goes with --out DIR", "store checkout REV -- PATH");
  if (arguments.has_tail && arguments.tail.empty()) throw Error(ErrorKind::usage, "store checkout: no PATH after --");
  const PathArguments resolver = context.path_arguments();
  options.paths = resolver.resolve_pathspecs(paths);
  if (!options.out)
    for (const Pathspec& path : options.paths) resolver.check_no_symlink(path);
  return options;
}

/// Out of the repository nothing can be committed.
CheckoutResult checkout_as_asked(Context& context, const CheckoutOptions& options) {
  try {
    return checkout(context.workspace(), options);
  } catch (Error& error) {
    if (options.out && error.kind() == ErrorKind::conflict && !error.paths().empty())
      error.with_hint("another DIR, or overwrite them with --force");
    throw;
  }
}

int run(Context& context) {
  const CheckoutOptions options = parse(context);
  context.show_progress({{Stage::scan, 0.05}, {Stage::fetch, 0.05}, {Stage::write, 0.85}, {Stage::verify, 0.05}});
  CheckoutResult result = checkout_as_asked(context, options);
  context.end_progress();
  finish_checkout(context, result, !options.out && options.paths.empty() ? ShowHead::yes : ShowHead::no);
  return 0;
}

}  // namespace

Command checkout_command() {
  return {{.word = "checkout",
           .summary = "write a commit's files to the working tree, or to another folder",
           .usage = {"checkout [--force] REV", "checkout [--force] REV -- PATH…",
                     "checkout [--force] REV[:SUB] [-- PATH…] --out DIR"},
           .description =
               "A branch name puts HEAD on that branch, any other revision detaches it. Changes that are not in the way are\n"
               "carried along; what is in the way is listed, and nothing is touched.\n"
               "\n"
               "With PATH only index and files there are set. With --out the files go to DIR, and neither HEAD, index nor\n"
               "working tree change; an interrupted one is finished by the same command.",
           .options = {{.letter = 'f', .name = "force", .help = "also over local changes; the bytes are stored first"},
                       {.name = "out", .argument = "DIR", .help = "write to DIR", .completes = Completes::directory}},
           .completes = Completes::content,
           .tail = true,
           .resumes = true},
          run};
}

}  // namespace store
