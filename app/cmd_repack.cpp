#include "ops/repack.h"

#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "app/output_file.h"
#include "app/quote.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/rechunk.h"

namespace store {
namespace {

/// What both ways have in common, and the list of commits.
template <typename Result>
void write(Context& context, const Result& result, const std::vector<RechunkedCommit>& commits) {
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.field("bytes_before", result.bytes_before);
    json.field("bytes_after", result.bytes_after);
    json.field("packs_before", result.packs_before);
    json.field("packs_after", result.packs_after);
    json.key("map").begin_array();
    for (const RechunkedCommit& commit : commits) {
      json.begin_object();
      json.field("old", commit.old_id);
      json.field("new", commit.new_id);
      json.end();
    }
    json.end();
  } else if (!context.quiet()) {
    for (const RechunkedCommit& commit : commits)
      context.out().write(fmt::format("{} → {}\n", commit.old_id.hex(), commit.new_id.hex()));
    context.say(fmt::format("{} in {} → {} in {}\n", context.size_text()(result.bytes_before),
                                    counted(result.packs_before, "pack"), context.size_text()(result.bytes_after),
                                    counted(result.packs_after, "pack")));
  }
}

int run_rechunk(Context& context, const std::string& branch) {
  RechunkOptions options;
  options.branch = branch;
  std::optional<OutputFile> file;
  const auto map = context.arguments().last("map");
  const bool to_stdout = map == "-";
  if (map) {
    if (map->empty()) throw Error(ErrorKind::usage, "store repack: --map: the name is empty");
    if (to_stdout && context.json())
      throw Error(ErrorKind::usage, "store repack: --map - is text: with --json the map is in the answer");
    if (!to_stdout) file.emplace(absolute_path(context.cwd(), *map));
    options.before_move = [&](const std::vector<RechunkedCommit>& commits) {
      for (const RechunkedCommit& commit : commits) {
        const std::string line = fmt::format("{} {}\n", commit.old_id.hex(), commit.new_id.hex());
        if (file) file->write(as_bytes(line));
        else context.out().write(line);
      }
      if (file) file->commit();
      else context.out().flush();
    };
  }
  Workspace& workspace = context.workspace();
  context.warn_of_changed_ids();
  context.show_progress({{Stage::ingest, 1}});
  const RechunkResult result = rechunk(workspace, options);
  context.end_progress();
  if (!to_stdout) write(context, result, result.commits);
  return 0;
}

int run(Context& context) {
  if (const auto branch = context.arguments().last("rechunk")) return run_rechunk(context, *branch);
  if (context.arguments().has("map"))
    throw Error(ErrorKind::usage, "store repack: --map without --rechunk: no id changes", "store repack --rechunk BRANCH --map FILE");
  context.show_progress({{Stage::write, 1}});
  const RepackResult result = repack(context.workspace());
  context.end_progress();
  write(context, result, {});
  for (const ObjectId& pack : result.damaged)
    context.fail(Error(ErrorKind::corrupt, "pack " + pack.hex() + ": damaged: left as it is", "store fsck"));
  return 0;
}

}  // namespace

Command repack_command() {
  return {{.word = "repack",
           .summary = "rewrite the packs with the settings of now",
           .usage = {"repack", "repack --rechunk BRANCH [--map FILE]"},
           .description =
               "Decodes and checks every object, and compresses it anew with core.compression as it is set now; small packs become\n"
               "one. No id changes, and nothing that is referenced is lost, whenever it is interrupted. It needs up to 1 GiB of\n"
               "free space at a time.\n"
               "\n"
               "With --rechunk, the commits of BRANCH are stored again instead, oldest first, their files cut by chunking.* and\n"
               "core.inline_threshold as they are set now. Content, messages, authors, times, meta and attributes stay; ids change,\n"
               "and are printed as old → new. Where size classes differ, a file goes by its own size. The branch moves in one step\n"
               "at the end: interrupted, it is where it was; store undo takes it back. Other branches, and tags, stay at the old\n"
               "commits, which stay as well, so the repository grows. A branch that is checked out is refused (exit 7): detach first\n"
               "with store switch --detach HEAD, and switch back afterwards. What the repository has recorded of its settings does\n"
               "not change: store config KEY VALUE does that.",
           .options = {{.name = "rechunk", .argument = "BRANCH", .help = "store a branch's commits again under the current settings",
                        .completes = Completes::branch},
                       {.name = "map", .argument = "FILE",
                        .help = "write a line \"old new\" for each commit (- is standard output, and nothing else there); complete before the branch moves",
                        .completes = Completes::file}},
           .max_positionals = 0},
          run};
}

}  // namespace store
