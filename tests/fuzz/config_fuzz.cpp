// Configuration files: read, edited and read again. The nesting that toml++ survives is bounded by our own parser.
#include "config/config.h"
#include "config/edit.h"
#include "config/record.h"
#include "fuzz/target.h"

namespace {

using namespace store;

Config read(std::string_view text) {
  ConfigSources sources;
  sources.repository = {.name = "config", .text = std::string(text)};
  return Config(sources);
}

/// A value that was set is what counts; one that is taken out again does not.
void edit(std::string_view text) {
  std::string edited;
  const auto set = [&] { edited = set_config_value(text, "core.fsync", "false", ConfigFileKind::repository, "config"); };
  if (!fuzz::answers({ErrorKind::usage}, set)) return;
  fuzz::require(!read(edited).settings().core.fsync);
  fuzz::require(set_config_value(edited, "core.fsync", "false", ConfigFileKind::repository, "config") == edited);
  const auto unset = unset_config_value(edited, "core.fsync", ConfigFileKind::repository, "config");
  fuzz::require(unset && read(*unset).settings().core.fsync);
}

void config(ByteView input) {
  const std::string_view text = as_text(input);
  const auto parse = [&] {
    const Config config = read(text);
    for (const ConfigValue& value : config.list()) fuzz::require(config.find(value.key).has_value());
    (void)config.ids_warning();
    const std::string updated = update_record(std::string(text), config, "config");
    fuzz::require(!read(updated).ids_warning());
    // A repository of somebody else's never names a program or trusts a folder.
    fuzz::require(!config.settings().ui.pager && config.settings().safe.directory.empty());
  };
  if (fuzz::answers({ErrorKind::usage}, parse)) edit(text);
}

const fuzz::Enter k_config("config", config);

}  // namespace
