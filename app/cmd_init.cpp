#include "app/commands.h"
#include "app/context.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/init.h"

namespace store {
namespace {

/// DIR, else the repository named by --repo or STORE_DIR (its .store taken off), else the current directory.
std::string directory_of(const Context& context) {
  const Arguments& arguments = context.arguments();
  if (!arguments.positionals.empty()) {
    if (arguments.positionals.front().empty()) throw Error(ErrorKind::usage, "store init: DIR is empty");
    return absolute_path(context.cwd(), arguments.positionals.front());
  }
  auto named = arguments.last("repo");
  if (!named) named = context.console().variable("STORE_DIR");
  if (!named) return context.cwd();
  const std::string path = absolute_path(context.cwd(), *named);
  return base_name(path) == ".store" ? std::string(parent_path(path)) : path;
}

/// Without "." and "..", double or trailing slashes; symlinks stay.
std::string normalised(const std::string& absolute) {
  std::string out;
  if (!normalise_path("", absolute.substr(std::min(absolute.find_first_not_of('/'), absolute.size())), out))
    throw Error(ErrorKind::usage, escape_name(absolute) + ": leaves the root");
  return "/" + out;
}

/// Settings of a repository in `folder`: not of one that the current directory may lie in.
Config config_for(Context& context, const std::string& folder, InitOptions& options) {
  const std::optional<std::string> existing = is_repository(folder) ? std::optional(folder) : std::nullopt;
  ConfigSources sources = config_sources(context.console(), context.arguments(), existing);
  constexpr std::pair<std::string_view, std::string_view> k_recorded[] = {
      {"chunk-avg", "chunking.avg"}, {"compression", "core.compression"}, {"permissions", "core.permissions"}};
  for (const auto& [option, key] : k_recorded) {
    const auto value = context.arguments().last(option);
    if (!value) continue;
    sources.options.push_back({std::string(key), *value, "--" + std::string(option)});
    options.asked.emplace_back(key);
  }
  Config config(sources);
  for (const ConfigWarning& warning : config.warnings()) context.messages().warning({warning.kind, warning.message});
  return config;
}

int run(Context& context) {
  const Arguments& arguments = context.arguments();
  InitOptions options;
  options.directory = normalised(directory_of(context));
  options.bare = arguments.has("bare");
  const Config config = config_for(context, repository_folder(options), options);
  options.branch_asked = arguments.has("branch");
  options.branch = arguments.last("branch").value_or(config.settings().init.default_branch);
  if (!is_valid_ref_name(options.branch))
    throw Error(ErrorKind::usage, escape_name(options.branch) + ": is no valid branch name");

  const InitResult result = init(context.environment(), config, options);
  for (const std::string& note : result.notes) context.messages().note("note: " + note);
  if (context.json()) {
    JsonWriter& json = context.begin_result();
    json.path_field("path", result.path);
    json.field("created", result.created);
    json.list_field("notes", result.notes);
  } else if (!context.quiet()) {
    context.say((result.created ? "initialized a store repository in " : "there is already a store repository in ") +
                        escape_name(result.path) + "\n");
  }
  return 0;
}

}  // namespace

Command init_command() {
  return {{.word = "init",
           .summary = "make a repository",
           .usage = {"init [OPTION…] [DIR]"},
           .description =
               "Creates DIR, its parents and DIR/.store; with --bare DIR is the repository itself and has no working tree.\n"
               "On an existing repository it changes nothing.\n"
               "\n"
               "What ids depend on is recorded in the repository: the chunk sizes, the inline threshold, the permissions.",
           .options =
               {
                   {.name = "bare", .help = "a repository without a working tree"},
                   {.letter = 'b', .name = "branch", .argument = "NAME", .help = "name of the first branch (main)"},
                   {.name = "chunk-avg", .argument = "SIZE", .help = "average chunk, a power of two from 4K to 4M (64K)"},
                   {.name = "compression", .argument = "LEVEL", .help = "zstd level, or none (3)"},
                   {.name = "permissions",
                    .argument = "HOW",
                    .help = "full records all permission bits, exec only the owner's execute bit",
                    .choices = {"full", "exec"}},
               },
           .max_positionals = 1,
           .completes = Completes::directory},
          run};
}

}  // namespace store
