#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "config/record.h"
#include "config/toml_document.h"

namespace store {
namespace {

std::string place(const ConfigFile& file, const TomlItem& item) {
  return fmt::format("{}:{}", file.name, item.line);
}

/// Refuses a TOML type that cannot be meant, as `name = true`.
void check_kind(const ConfigKey& key, const TomlItem& item, const std::string& origin) {
  const bool words = key.type == KeyType::text || key.type == KeyType::choice || key.type == KeyType::list;
  const bool fits = item.kind == TomlKind::text || (item.kind == TomlKind::integer && !words) ||
                    (item.kind == TomlKind::boolean && key.type == KeyType::boolean) ||
                    (item.kind == TomlKind::list && key.type == KeyType::list);
  if (!fits)
    throw Error(ErrorKind::usage, fmt::format("{}: {}: not a {}", origin, key.name, name_of(key.type)));
}

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (const ConfigKey& key : config_keys()) names.push_back(environment_name(key.name));
  return names;
}

/// True for "STORE_CORE_…" and every other section; false for STORE_DIR, STORE_PAGER and their like.
bool names_a_section(std::string_view variable) {
  return std::any_of(config_keys().begin(), config_keys().end(), [&](const ConfigKey& key) {
    return variable.starts_with(environment_name(key.name.substr(0, key.name.find('.') + 1)));
  });
}

}  // namespace

Config::Config(const ConfigSources& sources) {
  apply_defaults();
  apply_file(sources.system, KeyScope::not_repository);
  apply_file(sources.user, KeyScope::user_only);
  apply_record(sources.repository);
  apply_file(sources.repository, KeyScope::anywhere);
  apply_environment(sources.environment);
  apply_assignments(sources.assignments);
  for (const ConfigOption& option : sources.options)
    apply(require_key(option.key), option.value, option.origin);
  check_together();
  std::stable_sort(values_.begin(), values_.end(), [](const ConfigValue& a, const ConfigValue& b) {
    return find_key(a.key) < find_key(b.key);
  });
}

void Config::apply_defaults() {
  for (const ConfigKey& key : config_keys())
    if (!key.default_value.empty()) apply(key, key.default_value, "default");
}

/// Takes keys whose scope is at most `up_to`; warns of the others and of unknown ones.
void Config::apply_file(const ConfigFile& file, KeyScope up_to) {
  for (const TomlItem& item : parse_toml(file.text, file.name)) {
    const bool record = up_to == KeyScope::anywhere && is_record_key(item.key);
    if (item.kind == TomlKind::table || record) continue;
    const std::string origin = place(file, item);
    const ConfigKey* key = find_key(item.key);
    if (key == nullptr) {
      warnings_.push_back({"unknown_key", fmt::format("{}: unknown key {}{}", origin, escape_name(item.key),
                                                      nearest_key_hint(item.key))});
      continue;
    }
    if (key->scope > up_to) {
      warnings_.push_back({"ignored_key", fmt::format("{}: {} is ignored in this file", origin, key->name)});
      continue;
    }
    check_kind(*key, item, origin);
    for (const std::string& value : item.values) apply(*key, value, origin);
  }
}

void Config::apply_record(const ConfigFile& file) {
  for (const TomlItem& item : parse_toml(file.text, file.name)) {
    if (item.kind == TomlKind::table || !is_record_key(item.key)) continue;
    const std::string origin = place(file, item);
    const ConfigKey* key = find_key(recorded_key(item.key));
    if (key == nullptr || !key->changes_ids) {
      warnings_.push_back({"unknown_key", fmt::format("{}: unknown key {}", origin, escape_name(item.key))});
      continue;
    }
    check_kind(*key, item, origin);
    if (!recorded_) recorded_.emplace();
    key->apply(*recorded_, item.values.front());
    apply(*key, item.values.front(), origin);
  }
}

void Config::apply_environment(const std::map<std::string, std::string>& environment) {
  static const std::vector<std::string> k_names = environment_names();
  for (auto at = environment.lower_bound("STORE_");
       at != environment.end() && at->first.starts_with("STORE_"); ++at) {
    const auto& [name, value] = *at;
    const auto found = std::find(k_names.begin(), k_names.end(), name);
    if (found != k_names.end()) {
      apply(config_keys()[static_cast<std::size_t>(found - k_names.begin())], value, "environment " + name);
    } else if (names_a_section(name)) {
      const std::optional<std::string> nearest = nearest_match(name, k_names);
      const std::string hint = nearest ? fmt::format(" (did you mean {}?)", *nearest) : "";
      warnings_.push_back(
          {"unknown_key", fmt::format("environment: unknown variable {}{}", escape_name(name), hint)});
    }
  }
}

void Config::apply_assignments(const std::vector<std::string>& assignments) {
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos)
      throw Error(ErrorKind::usage, fmt::format("--config: {}: not KEY=VALUE", escape_name(assignment)));
    const ConfigKey& key = require_key(std::string_view(assignment).substr(0, equals));
    if (key.scope == KeyScope::user_only)
      throw Error(ErrorKind::usage, fmt::format("--config: {} is taken from the user's file and {} only",
                                                key.name, environment_name(key.name)));
    apply(key, std::string_view(assignment).substr(equals + 1), "--config");
  }
}

void Config::apply(const ConfigKey& key, std::string_view value, const std::string& origin) {
  const std::string fault = key.apply(settings_, value);
  if (!fault.empty())
    throw Error(ErrorKind::usage,
                fmt::format("{}: {}: \"{}\" {}", origin, key.name, escape_name(value), fault));
  if (key.type != KeyType::list)
    std::erase_if(values_, [&](const ConfigValue& old) { return old.key == key.name; });
  const bool unset = value.empty() || (value == "auto" && key.type == KeyType::size);
  if (!unset) values_.push_back({std::string(key.name), std::string(value), origin});
}

void Config::check_together() const {
  const std::optional<SettingsFault> fault = find_fault(settings_.chunking);
  if (!fault) return;
  const std::optional<ConfigValue> value = find(fault->key);
  throw Error(ErrorKind::usage,
              fmt::format("{}: {}: {}", value ? value->origin : "default", fault->key, fault->message));
}

std::optional<ConfigValue> Config::find(std::string_view key) const {
  const ConfigKey& known = require_key(key);
  const auto found = std::find_if(values_.rbegin(), values_.rend(),
                                  [&](const ConfigValue& value) { return value.key == known.name; });
  if (found == values_.rend()) return std::nullopt;
  return *found;
}

std::vector<ConfigValue> Config::changed_ids() const {
  std::vector<ConfigValue> changed;
  if (!recorded_) return changed;
  for (const std::string& key : ids_differ(*recorded_, settings_))
    changed.push_back(find(key).value_or(ConfigValue{key, "auto", ""}));
  return changed;
}

std::optional<ConfigWarning> Config::ids_warning() const {
  std::vector<std::string> keys;
  for (const ConfigValue& value : changed_ids()) keys.push_back(value.key);
  if (keys.empty()) return std::nullopt;
  return ConfigWarning{
      "ids_changed",
      fmt::format(
          "{}: changed since this repository was made; content stored from now on gets other ids and shares "
          "less with what is stored already",
          fmt::join(keys, ", "))};
}

std::vector<std::string> ids_differ(const Settings& recorded, const Settings& effective) {
  std::vector<std::string> keys;
  for (const ConfigKey& key : config_keys())
    if (key.changes_ids && !key.same(recorded, effective)) keys.emplace_back(key.name);
  return keys;
}

}  // namespace store
