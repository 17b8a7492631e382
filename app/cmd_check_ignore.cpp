#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "app/ingest_output.h"
#include "app/quote.h"
#include "base/text.h"
#include "ops/check_ignore.h"
#include "worktree/index.h"

namespace store {
namespace {

/// The answers, printed one by one as they are found.
class Report {
 public:
  explicit Report(Context& context)
      : context_(context), verbose_(context.verbose()), null_(context.arguments().has("null")) {
    if (!context.json()) return;
    json_ = &context.begin_result();
    json_->key("matches").begin_array();
  }

  void add(const std::string& argument, const IgnoredPath& match) {
    if (match.negative && !verbose_) return;
    ++matches_;
    if (json_ != nullptr)
      write_ignored_path(*json_, match);
    else if (!context_.quiet())
      print(argument, match);
  }

  int finish() {
    if (json_ != nullptr) json_->end();
    return matches_ == 0 ? k_exit_no : 0;
  }

 private:
  void print(const std::string& argument, const IgnoredPath& match) {
    const auto shown = [&](const std::string& name) { return null_ ? name : escape_name(name); };
    std::string line;
    if (verbose_) {
      const char field = null_ ? '\0' : ':';
      line = shown(match.source) + field + std::to_string(match.line) + field + shown(match.pattern) + (null_ ? '\0' : '\t');
    }
    context_.out().write(line + shown(argument) + (null_ ? '\0' : '\n'));
  }

  Context& context_;
  const bool verbose_;
  const bool null_;
  JsonWriter* json_ = nullptr;
  std::uint64_t matches_ = 0;
};

std::vector<std::string> names_of(Context& context) {
  const Arguments& arguments = context.arguments();
  std::vector<std::string> names = arguments.positionals;
  names.insert(names.end(), arguments.tail.begin(), arguments.tail.end());
  if (!arguments.has("stdin")) {
    if (names.empty()) throw Error(ErrorKind::usage, "store check-ignore: no PATH", "store check-ignore -v FILE");
    return names;
  }
  if (!names.empty()) throw Error(ErrorKind::usage, "store check-ignore: PATH and --stdin exclude each other");
  return split_names(context.read_input("--stdin", "-"), arguments.has("null") ? '\0' : '\n');
}

int run(Context& context) {
  const Workspace& workspace = context.workspace();
  workspace.worktree_fd();  // a bare repository has no paths to speak of
  const PathArguments paths = context.path_arguments();
  const std::vector<std::string> names = names_of(context);
  const bool untracked_only = !context.arguments().has("no-index");
  std::vector<std::string> resolved;
  for (const std::string& name : names) {
    resolved.push_back(paths.resolve(name));
    paths.check_no_symlink(Pathspec::exactly(resolved.back()));
  }
  const Index index(workspace.repository().fs(), workspace.repository().fd());
  IgnoreQuery query(workspace);
  Report report(context);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (untracked_only && index.contains_within(resolved[i])) continue;
    if (const auto match = query.ask(resolved[i], names[i].ends_with('/'))) report.add(names[i], *match);
  }
  return report.finish();
}

}  // namespace

Command check_ignore_command() {
  return {{.word = "check-ignore",
           .summary = "tell which paths are ignored, and which rule decided",
           .usage = {"check-ignore [-v] [-z] PATH…", "check-ignore [-v] [-z] --stdin"},
           .description =
               "Prints each PATH that the ignore rules name; ends with 1 if there is none. Rules come from the .storeignore\n"
               "files of the working tree, .store/info/exclude, and store/ignore beside the user's configuration; they are\n"
               "written and read as git's. What is tracked is never ignored.\n"
               "\n"
               "With -v each line begins with file, line and pattern, and paths that a line with ! takes out are listed too.",
           .options = {{.letter = 'z', .name = "null", .help = "raw names ended by NUL, also those of --stdin"},
                       {.name = "stdin", .help = "take the names from standard input, one a line"},
                       {.name = "no-index", .help = "also what is tracked"}},
           .completes = Completes::addable,
           .tail = true},
          run};
}

}  // namespace store
