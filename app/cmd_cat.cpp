#include "ops/cat.h"

#include "app/commands.h"
#include "app/context.h"
#include "app/output_file.h"
#include "app/revision_arguments.h"
#include "base/text.h"

namespace store {
namespace {

struct CatRequest {
  std::string target;
  std::optional<RangeRequest> range;
  std::optional<std::string> output;
};

CatRequest parse(const Context& context) {
  const Arguments& arguments = context.arguments();
  CatRequest request;
  if (arguments.positionals.empty()) throw Error(ErrorKind::usage, "store cat: no REV:PATH", "store cat HEAD:PATH");
  request.target = arguments.positionals.front();
  if (arguments.all("bytes").size() > 1) throw Error(ErrorKind::usage, "store cat: --bytes takes one range");
  if (const auto text = arguments.last("bytes")) request.range = parse_range(*text);
  request.output = arguments.last("output");
  if (request.output && request.output->empty()) throw Error(ErrorKind::usage, "store cat: -o: the name is empty");
  return request;
}

int run(Context& context) {
  const CatRequest request = parse(context);
  const TreeTarget target = resolve_tree_target(context, request.target);
  Workspace& workspace = context.workspace();
  const auto send = [&](const std::function<void(ByteView)>& sink) {
    context.enter_stage(Stage::fetch, request.range ? std::nullopt : std::optional(target.entry.size));
    cat(workspace, target.entry, escape_name(request.target), request.range, sink);
  };
  const bool to_stdout = !request.output || *request.output == "-";
  if (!to_stdout || !context.console().out_is_terminal) context.show_progress({{Stage::fetch, 1}});
  if (to_stdout) {
    Sink& out = context.out();
    send([&](ByteView bytes) { out.write(as_text(bytes)); });
  } else {
    OutputFile file(absolute_path(context.cwd(), *request.output));
    send([&](ByteView bytes) { file.write(bytes); });
    file.commit();
  }
  context.end_progress();
  return 0;
}

}  // namespace

Command cat_command() {
  return {{.word = "cat",
           .summary = "print a file of a commit",
           .usage = {"cat [--bytes RANGE] [-o FILE] REV:PATH"},
           .description =
               "The content of a file, or the target of a symlink without a newline. Only the blocks touched are read, and all\n"
               "is verified. :PATH is what is staged.",
           .options = {{.name = "bytes", .argument = "RANGE", .help = "a part: 0-1023, 1024- or -1024 (the last 1024 bytes)"},
                       {.letter = 'o',
                        .name = "output",
                        .argument = "FILE",
                        .help = "write to FILE, which is replaced only when all is there",
                        .completes = Completes::file}},
           .max_positionals = 1,
           .completes = Completes::content,
           .json = false},
          run};
}

}  // namespace store
