#include "config/record.h"

#include <fmt/format.h>

#include "config/config.h"
#include "config/edit.h"

namespace store {
namespace {

constexpr std::string_view k_prefix = "recorded.";
constexpr std::string_view k_comment =
    "# Configuration of this repository: \"store config\" reads and writes it.\n"
    "\n"
    "# What ids depend on, as it was when the repository was made. Set core.* or chunking.* to change it.\n"
    "[recorded]\n";

/// The value as it was written, "auto" for one that is not set.
std::string value_text(const Config& config, const ConfigKey& key) {
  const std::optional<ConfigValue> value = config.find(key.name);
  return value ? value->value : "auto";
}

}  // namespace

bool is_record_key(std::string_view key) { return key.starts_with(k_prefix); }

std::string_view recorded_key(std::string_view key) { return key.substr(k_prefix.size()); }

std::string initial_repository_config(const Config& config) {
  std::string text(k_comment);
  for (const ConfigKey& key : config_keys())
    if (key.changes_ids)
      text += fmt::format("{} = {}\n", key.name, render_toml(key, value_text(config, key)));
  return text;
}

std::string update_record(std::string text, const Config& config, std::string_view name) {
  for (const ConfigKey& key : config_keys()) {
    if (!key.changes_ids) continue;
    const std::string path = std::string(k_prefix) + std::string(key.name);
    text = set_toml_value(text, path, render_toml(key, value_text(config, key)), name);
  }
  return text;
}

}  // namespace store
