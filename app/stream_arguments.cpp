#include "app/stream_arguments.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <set>

#include "app/child_source.h"
#include "app/context.h"
#include "base/error.h"
#include "base/shell_quote.h"
#include "base/text.h"

namespace store {
namespace {

struct ExecRequest {
  std::string name;
  std::vector<std::string> words;
};

[[noreturn]] void refuse(const Context& context, const std::string& message, const std::string& hint = {}) {
  throw Error(ErrorKind::usage, fmt::format("store {}: {}", context.word(), message), hint);
}

/// The way out, typed as it is: with the branch that `save` wants.
std::string command_with(const Context& context, std::string_view streams) {
  const bool saves = context.word() == "save";
  return fmt::format("store {}{} {}", context.word(), saves ? " -b BRANCH -m MESSAGE" : "", streams);
}

/// `--exec A -- x y --exec B -- z`: the words after `--`, up to the next `--exec NAME --`, are one program.
std::vector<ExecRequest> exec_requests(const Context& context) {
  const Arguments& arguments = context.arguments();
  const std::vector<std::string>& names = arguments.all("exec");
  if (names.empty()) return {};
  const std::string hint = command_with(context, "--exec NAME -- COMMAND --exec NAME -- COMMAND");
  if (names.size() > 1) refuse(context, "each --exec has its command right behind it, after --", hint);
  std::vector<ExecRequest> requests{{names.front(), {}}};
  const std::vector<std::string>& tail = arguments.tail;
  for (std::size_t at = 0; at < tail.size(); ++at) {
    if (tail[at] == "--exec" && at + 2 < tail.size() && tail[at + 2] == "--") {
      requests.push_back({tail[at + 1], {}});
      at += 2;
    } else {
      requests.back().words.push_back(tail[at]);
    }
  }
  for (const ExecRequest& request : requests)
    if (request.words.empty() || request.words.front().empty())
      refuse(context, fmt::format("--exec {}: no command after --", escape_name(request.name)),
             command_with(context, fmt::format("--exec {} -- COMMAND", shell_quoted(request.name))));
  return requests;
}

std::vector<std::string> prefixes_of(const Context& context, std::size_t archives) {
  const std::vector<std::string>& given = context.arguments().all("prefix");
  if (archives == 0 && !given.empty()) refuse(context, "--prefix belongs to --tar");
  if (given.empty()) return std::vector<std::string>(archives, ".");
  if (given.size() == 1) return std::vector<std::string>(archives, given.front());
  if (given.size() != archives) refuse(context, "one --prefix for all archives, or one for each");
  return given;
}

/// A named archive, open for as long as it is read.
class FileSource final : public ByteSource {
 public:
  FileSource(const std::string& path, const CancelToken* cancel)
      : fd_(open_readonly(AT_FDCWD, path)), source_(fd_.get(), escape_name(path), cancel) {}
  std::size_t read(MutableByteView out) override { return source_.read(out); }

 private:
  UniqueFd fd_;
  FdSource source_;
};

/// A file has nothing below it: the one or the other would be lost.
void refuse_below_files(const Context& context, const std::vector<StreamInput>& inputs) {
  std::set<std::string> files;
  for (const StreamInput& input : inputs)
    if (input.kind == StreamInput::Kind::file && !files.insert(input.path).second)
      refuse(context, fmt::format("{}: is named twice", escape_name(input.path)));
  for (const StreamInput& input : inputs) {
    const std::string place = input.path + (input.kind == StreamInput::Kind::archive ? "/" : "");
    for (std::size_t slash = place.find('/'); slash != std::string::npos; slash = place.find('/', slash + 1))
      if (const std::string parent = place.substr(0, slash); files.contains(parent))
        refuse(context, fmt::format("{}: lies below {}, which is to be a file", escape_name(input.path), escape_name(parent)));
  }
}

/// `-` and an only argument are what other programs take for standard input.
void refuse_half_a_stream(const Context& context) {
  const Arguments& arguments = context.arguments();
  const std::vector<std::string>& names = arguments.all("name");
  const bool takes_stdin = arguments.has("stdin");
  const std::vector<std::string>& paths = arguments.positionals;
  const bool dash = paths.size() == 1 && paths.front() == "-";
  std::string name = names.size() == 1 ? names.front() : "NAME";
  if (takes_stdin && names.empty() && paths.size() == 1 && !dash) name = paths.front();
  const std::string way = command_with(context, "--stdin --name " + shell_quoted(name));
  if (takes_stdin && names.size() != 1) refuse(context, "--stdin needs one --name: what the file is called", way);
  if (!takes_stdin && !names.empty()) refuse(context, "--name belongs to --stdin: it names what is read there", way);
  if (dash && ::access(absolute_path(context.cwd(), "-").c_str(), F_OK) != 0)
    throw Error(ErrorKind::not_found, "-: no such file; standard input is --stdin", way);
}

}  // namespace

std::vector<OptionSpec> stream_options() {
  return {
      {.name = "stdin", .help = "take standard input as the content of the file --name"},
      {.name = "name", .argument = "NAME", .help = "what --stdin becomes"},
      {.name = "exec",
       .argument = "NAME",
       .help = "run the command after -- and take its output as the content of NAME"},
      {.name = "tar",
       .argument = "FILE",
       .help = "take the members of a tar archive, compressed or not; - is standard input (repeatable)",
       .completes = Completes::file},
      {.name = "prefix", .argument = "DIR", .help = "where the members of --tar go"},
  };
}

bool takes_streams(const Context& context) {
  refuse_half_a_stream(context);
  const Arguments& arguments = context.arguments();
  return arguments.has("stdin") || arguments.has("exec") || arguments.has("tar");
}

std::vector<StreamInput> read_stream_options(Context& context,
                                             const std::function<std::string(const std::string&)>& resolve) {
  const Arguments& arguments = context.arguments();
  std::vector<StreamInput> inputs;
  const CancelToken* cancel = context.console().cancel;
  const int stdin_fd = context.console().stdin_fd;
  const auto from_stdin = [cancel, stdin_fd] { return std::make_unique<FdSource>(stdin_fd, "standard input", cancel); };
  const auto add_file = [&](const std::string& name, std::function<std::unique_ptr<ByteSource>()> open) {
    if (name.empty() || name.back() == '/') refuse(context, fmt::format("'{}' is no name of a file", escape_name(name)));
    std::string path = resolve(name);
    if (path.empty()) refuse(context, fmt::format("'{}' is no name of a file", escape_name(name)));
    inputs.push_back({.kind = StreamInput::Kind::file, .path = path, .shown = path, .open = std::move(open)});
  };

  const std::vector<std::string>& names = arguments.all("name");
  for (std::size_t i = 0; i < arguments.all("stdin").size(); ++i) context.claim_stdin("--stdin");
  if (arguments.has("stdin")) add_file(names.front(), from_stdin);

  const std::vector<std::string>& archives = arguments.all("tar");
  for (const std::string& archive : archives)
    if (archive == "-") context.claim_stdin("--tar");
  for (const ExecRequest& request : exec_requests(context)) {
    const Program program{.words = request.words,
                          .environment = context.console().environment,
                          .cwd = context.cwd(),
                          .stdin_fd = context.stdin_is_claimed() ? -1 : stdin_fd};
    add_file(request.name, [program, cancel] { return std::make_unique<ChildSource>(program, cancel); });
  }
  const std::vector<std::string> prefixes = prefixes_of(context, archives.size());
  for (std::size_t i = 0; i < archives.size(); ++i) {
    StreamInput input{.kind = StreamInput::Kind::archive, .path = resolve(prefixes[i]), .shown = archives[i], .open = from_stdin};
    if (archives[i] != "-")
      input.open = [path = absolute_path(context.cwd(), archives[i]), cancel] {
        return std::make_unique<FileSource>(path, cancel);
      };
    inputs.push_back(std::move(input));
  }
  refuse_below_files(context, inputs);
  return inputs;
}

}  // namespace store
