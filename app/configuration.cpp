#include "app/configuration.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/fd.h"
#include "repo/repository.h"

namespace store {
namespace {

constexpr char k_system_file[] = "/etc/store/config.toml";
constexpr std::uint64_t k_max_file = 1u << 20;

ConfigFile read_layer(const std::string& path) {
  const std::optional<Bytes> content = read_file(AT_FDCWD, path, k_max_file);
  return {path, content ? std::string(as_text(*content)) : std::string()};
}

}  // namespace

std::optional<std::string> user_config_folder(const Console& console) {
  if (const auto xdg = console.variable("XDG_CONFIG_HOME")) return *xdg + "/store";
  if (const auto home = console.variable("HOME")) return *home + "/.config/store";
  return std::nullopt;
}

std::optional<std::string> readable_user_folder(const Console& console) {
  std::optional<std::string> folder = user_config_folder(console);
  struct stat info{};
  // Of a file it is no matter here whether it may be read: that is refused where it is opened.
  const bool is_closed = folder && stat((*folder + "/.").c_str(), &info) != 0 && errno == EACCES;
  if (is_closed) folder.reset();
  return folder;
}

std::optional<std::string> user_config_path(const Console& console) {
  if (const auto folder = user_config_folder(console)) return *folder + "/config.toml";
  return std::nullopt;
}

ConfigSources config_sources(const Console& console, const Arguments& arguments,
                             const std::optional<std::string>& repository) {
  ConfigSources sources;
  sources.system = read_layer(k_system_file);
  if (readable_user_folder(console)) sources.user = read_layer(*user_config_path(console));
  if (repository) sources.repository = read_layer(*repository + "/" + layout::k_config);
  sources.environment = console.environment;
  sources.assignments = arguments.all("config");
  constexpr std::pair<std::string_view, std::string_view> k_named[] = {
      {"jobs", "performance.max_worker_threads"},
      {"memory", "performance.max_memory_usage"},
      {"color", "ui.color"},
      {"progress", "ui.progress"},
      {"progress-interval", "ui.progress_interval"},
  };
  for (const auto& [option, key] : k_named)
    if (const auto value = arguments.last(option))
      sources.options.push_back({std::string(key), *value, "--" + std::string(option)});
  return sources;
}

}  // namespace store
