// config: where a setting comes from. Layers of text (files, environment, options) go in, one Settings with
// the origin of every value comes out. It opens no file and reads no environment; the application hands both
// over. Later layers win: built-in, system file, user file, what `init` recorded, repository file,
// environment,
// --config, named options. Contract: cli contract §6.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.h"
#include "config/settings.h"

namespace store {

struct ConfigFile {
  std::string name;  // as origins show it: "/etc/store/config.toml"
  std::string text;  // "" if there is no such file
};

/// The value of a named option: {"performance.max_worker_threads", "4", "--jobs"}.
struct ConfigOption {
  std::string key, value, origin;
};

struct ConfigSources {
  ConfigFile system, user, repository;
  std::map<std::string, std::string> environment;  // all of it; only STORE_… is looked at
  std::vector<std::string> assignments;            // KEY=VALUE of --config
  std::vector<ConfigOption> options;
};

struct ConfigWarning {
  std::string kind;  // "unknown_key", "ignored_key", "ids_changed"
  std::string message;
};

/// A value as it was written and where: "FILE:LINE", "environment STORE_…", "--config", "--jobs", "default".
struct ConfigValue {
  std::string key, value, origin;
};

/// The resolved configuration. Thread rule: const members any thread.
class Config {
 public:
  /// Error{usage} names the origin of a bad value ("FILE:LINE: KEY: …") or of a file that is no TOML.
  explicit Config(const ConfigSources& sources);

  const Settings& settings() const { return settings_; }
  /// Unknown keys of files and of the environment, and keys that may not stand where they do.
  const std::vector<ConfigWarning>& warnings() const { return warnings_; }
  /// The effective value; nothing if it has none; Error{usage} for an unknown key. Of a list the last.
  std::optional<ConfigValue> find(std::string_view key) const;
  /// All values in the order of the table; a list has one for each element.
  const std::vector<ConfigValue>& list() const { return values_; }

  /// What ids depended on when `init` made the repository; nothing if its file has no record.
  const std::optional<Settings>& recorded() const { return recorded_; }
  /// Every recorded setting that is different now, as it is now ("auto" if it has no value).
  std::vector<ConfigValue> changed_ids() const;
  /// One warning that names them all.
  std::optional<ConfigWarning> ids_warning() const;

 private:
  void apply_defaults();
  void apply_file(const ConfigFile& file, KeyScope up_to);
  void apply_record(const ConfigFile& file);
  void apply_environment(const std::map<std::string, std::string>& environment);
  void apply_assignments(const std::vector<std::string>& assignments);
  void apply(const ConfigKey& key, std::string_view value, const std::string& origin);
  void check_together() const;

  Settings settings_;
  std::optional<Settings> recorded_;
  std::vector<ConfigValue> values_;
  std::vector<ConfigWarning> warnings_;
};

/// Keys on which ids depend and that differ.
std::vector<std::string> ids_differ(const Settings& recorded, const Settings& effective);

}  // namespace store
