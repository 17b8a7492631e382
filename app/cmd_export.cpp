#include "ops/export.h"

#include <fmt/format.h>

#include "app/commands.h"
#include "app/context.h"
#include "app/output_file.h"
#include "app/quote.h"
#include "app/revision_arguments.h"
#include "base/path.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::size_t k_write_size = 1 << 20;

/// By the name's ending. What another program would compress is refused rather than written plain.
bool is_compressed(const std::string& name) {
  for (const std::string_view ending : {".tar.zst", ".tzst", ".tar.zstd"})
    if (name.ends_with(ending)) return true;
  for (const std::string_view ending : {".gz", ".tgz", ".xz", ".txz", ".bz2", ".tbz2", ".lz4", ".zip", ".zst", ".zstd"})
    if (name.ends_with(ending))
      throw Error(ErrorKind::usage, fmt::format("store export: -o {}: is neither .tar nor .tar.zst", escape_name(name)),
                  "store export REV -o NAME.tar.zst");
  return false;
}

/// Gathers small pieces: headers are 512 bytes.
class Gather {
 public:
  explicit Gather(std::function<void(ByteView)> sink) : sink_(std::move(sink)) {}
  void write(ByteView bytes) {
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    if (pending_.size() >= k_write_size) flush();
  }
  void flush() {
    sink_(pending_);
    pending_.clear();
  }

 private:
  std::function<void(ByteView)> sink_;
  Bytes pending_;
};

int run(Context& context) {
  const Arguments& arguments = context.arguments();
  const auto output = arguments.last("output");
  if (!output || output->empty()) throw Error(ErrorKind::usage, "store export: no -o FILE", "store export HEAD -o NAME.tar");
  const bool to_stdout = *output == "-";
  if (to_stdout && context.json())
    throw Error(ErrorKind::usage, "store export: has no --json with -o -: its output is the archive itself");
  if (to_stdout && context.console().out_is_terminal)
    throw Error(ErrorKind::usage, "store export: no archive is written to a terminal", "store export HEAD -o NAME.tar");
  ExportOptions options;
  options.compress = !to_stdout && is_compressed(*output);
  const std::string revision = arguments.positionals.empty() ? "HEAD:" : arguments.positionals.front();
  const TreeTarget target = resolve_tree_target(context, revision);
  if (!target.commit) throw Error(ErrorKind::usage, "store export: what is staged has no time to give its files", "store export HEAD");
  Workspace& workspace = context.workspace();
  options.entry = target.entry;
  options.name = std::string(base_name(target.path));
  options.path = target.path;
  const Commit commit = read_commit(workspace.objects(), *target.commit);
  options.tree = commit.tree;
  options.attributes = commit.attributes;
  options.time = commit.time.seconds;

  context.show_progress({{Stage::fetch, 1}});
  context.enter_stage(Stage::fetch, target.entry.size);
  ExportResult result;
  if (to_stdout) {
    Gather gather([&](ByteView bytes) { context.out().write(as_text(bytes)); });
    result = export_tar(workspace, options, [&](ByteView bytes) { gather.write(bytes); });
    gather.flush();
  } else {
    OutputFile file(absolute_path(context.cwd(), *output));
    Gather gather([&](ByteView bytes) { file.write(bytes); });
    result = export_tar(workspace, options, [&](ByteView bytes) { gather.write(bytes); });
    gather.flush();
    file.commit();
  }
  context.end_progress();
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.field("files", result.files);
    json.field("bytes", result.bytes);
  } else if (!to_stdout && !context.quiet()) {
    context.say(fmt::format("exported {} ({})\n", counted(result.files, "file"), context.size_text()(result.bytes)));
  }
  return 0;
}

}  // namespace

Command export_command() {
  return {{.word = "export",
           .summary = "write a commit, or a part of it, as a tar archive",
           .usage = {"export [REV[:PATH]] -o FILE"},
           .description =
               "All of REV (HEAD), or what is in the directory PATH, or the one file PATH, as a tar archive that every tar program\n"
               "reads, with the times, owners, extended attributes, access control lists, hard links and holes that were recorded.\n"
               "It is compressed if the name of FILE ends in .tar.zst or .tzst. The same commit gives the same bytes. All is\n"
               "verified; nothing is held in memory. A FILE that is there is replaced, as by tar and git archive, but only when all of\n"
               "the new one is written; - is standard output.\n"
               "\n"
               "In --json bytes are those of the files, not of the archive.",
           .options = {{.letter = 'o',
                        .name = "output",
                        .argument = "FILE",
                        .help = "where the archive goes; - is standard output",
                        .completes = Completes::file}},
           .max_positionals = 1,
           .completes = Completes::content},
          run};
}

}  // namespace store
