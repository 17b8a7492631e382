#include "app/commands.h"
#include "app/context.h"
#include "app/exit_codes.h"
#include "app/table.h"
#include "app/user_config.h"
#include "base/text.h"
#include "config/edit.h"
#include "config/record.h"

namespace store {
namespace {

struct ConfigRequest {
  enum class Action { get, set, unset, list } action = Action::get;
  std::string key;
  std::string value;
  bool user = false;
  bool show_origin = false;
};

ConfigRequest parse(const Arguments& arguments) {
  ConfigRequest request;
  request.user = arguments.has("user");
  request.show_origin = arguments.has("show-origin");
  const std::vector<std::string>& words = arguments.positionals;
  const bool list = arguments.has("list");
  const bool unset = arguments.has("unset");
  if (list && unset) throw Error(ErrorKind::usage, "store config: --list and --unset exclude each other");
  if (list ? !words.empty() : words.empty())
    throw Error(ErrorKind::usage, list ? "store config: --list takes no KEY" : "store config: no KEY", "store config --list");
  if (unset && words.size() > 1) throw Error(ErrorKind::usage, "store config: --unset takes no VALUE");
  if (!words.empty()) request.key = words[0];
  if (words.size() > 1) request.value = words[1];
  using Action = ConfigRequest::Action;
  request.action = list ? Action::list : unset ? Action::unset : words.size() > 1 ? Action::set : Action::get;
  return request;
}

/// The file that a change goes to.
struct TargetFile {
  ConfigFileKind kind;
  std::string path;
};

TargetFile target_file(Context& context, const ConfigRequest& request) {
  if (!request.user)
    return {ConfigFileKind::repository, context.workspace().repository().path() + "/" + layout::k_config};
  const auto path = user_config_path(context.console());
  if (!path) throw Error(ErrorKind::usage, "store config --user: neither XDG_CONFIG_HOME nor HOME is set");
  return {ConfigFileKind::user, *path};
}

void edit_file(Context& context, const TargetFile& file,
               const std::function<std::optional<std::string>(std::string)>& edit) {
  if (file.kind == ConfigFileKind::repository) {
    const Workspace& workspace = context.workspace();
    workspace.repository().edit_config(edit, workspace.lock_wait());
    return;
  }
  const Environment env = context.environment();
  edit_user_config(file.path, edit, {.timeout_ms = env.lock_timeout_ms, .on_wait = env.on_wait, .cancel = env.cancel});
}

/// A repository whose settings were changed on purpose is told once what that means, not by every later add.
std::string with_new_record(Context& context, const TargetFile& file, std::string text) {
  if (file.kind != ConfigFileKind::repository) return text;
  ConfigSources alone;
  alone.repository = {file.path, text};
  const Config config(alone);
  const auto warning = config.ids_warning();
  if (!warning) return text;
  context.messages().warning({warning->kind, warning->message});
  return update_record(std::move(text), config, file.path);
}

void write_values(JsonWriter& json, const std::vector<ConfigValue>& values) {
  json.key("values").begin_array();
  for (const ConfigValue& value : values) {
    json.begin_object();
    json.field("key", value.key);
    json.field("value", value.value);
    json.field("origin", value.origin);
    json.end();
  }
  json.end();
}

constexpr std::size_t k_tab = 8;  // at most

void print_values(Context& context, const ConfigRequest& request, const std::vector<ConfigValue>& values) {
  if (context.json()) {
    write_values(context.begin_result(), values);
    return;
  }
  for (const ConfigValue& value : values) {
    const std::string origin = request.show_origin ? escape_name(value.origin) : "";
    const std::string key = request.action == ConfigRequest::Action::list ? value.key + "=" : "";
    const std::string text = key + escape_name(value.value) + "\n";
    const bool fits = display_columns(origin) + k_tab + display_columns(text) <= context.window_columns().value_or(~std::size_t{0});
    context.out().write(origin.empty() ? text : origin + (fits ? "\t" : "\n  ") + text);
  }
}

/// One value, or every element of a list.
std::vector<ConfigValue> values_of(const Config& config, const std::string& key) {
  const std::string_view known = require_key(key).name;
  std::vector<ConfigValue> values;
  for (const ConfigValue& value : config.list())
    if (value.key == known) values.push_back(value);
  return values;
}

int run(Context& context) {
  const ConfigRequest request = parse(context.arguments());
  using Action = ConfigRequest::Action;
  if (request.action == Action::list) {
    print_values(context, request, context.config().list());
    return 0;
  }
  if (request.action == Action::get) {
    const std::vector<ConfigValue> values = values_of(context.config(), request.key);
    print_values(context, request, values);
    return values.empty() ? k_exit_no : 0;
  }
  const TargetFile file = target_file(context, request);
  std::vector<ConfigValue> written;
  int answer = 0;
  if (request.action == Action::set) {
    edit_file(context, file, [&](const std::string& text) {
      return with_new_record(context, file, set_config_value(text, request.key, request.value, file.kind, file.path));
    });
    written.push_back({request.key, request.value, file.path});
  } else {
    edit_file(context, file, [&](const std::string& text) {
      const auto edited = unset_config_value(text, request.key, file.kind, file.path);
      if (!edited) answer = k_exit_no;
      return edited;
    });
  }
  if (context.json()) write_values(context.begin_result(), written);
  return answer;
}

}  // namespace

Command config_command() {
  return {{.word = "config",
           .summary = "show and change settings",
           .usage = {"config KEY", "config [--user] KEY VALUE", "config [--user] --unset KEY", "config --list [--show-origin]"},
           .description =
               "KEY alone prints the value that holds: built-in, /etc/store/config.toml, the user's file, the repository's config,\n"
               "the environment (STORE_SECTION_KEY), --config; the later wins. With VALUE it is written to the repository's\n"
               "config, with --user to the user's file; comments there are kept.",
           .options = {{.name = "user", .help = "change the user's file"},
                       {.name = "unset", .help = "take KEY out of the file"},
                       {.name = "list", .help = "all settings"},
                       {.name = "show-origin", .help = "and where each value comes from"}},
           .max_positionals = 2,
           .completes = Completes::config_key},
          run};
}

}  // namespace store
