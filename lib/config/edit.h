// Edits of configuration files that keep comments, order and everything else: toml++ drops comments when it
// writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/keys.h"

namespace store {

enum class ConfigFileKind { user, repository };

/// `text` with KEY set to VALUE; a missing [section] is added at the end, a list grows by VALUE. Error{usage}
/// for an unknown key, a bad value, a key that may not stand in this file, values that do not go together, a
/// file (`name`) that is no TOML, or a key inside an inline table.
std::string set_config_value(std::string_view text, std::string_view key, std::string_view value,
                             ConfigFileKind kind, std::string_view name);
/// `text` without the line of KEY; nothing if the file does not set it. Errors as above.
std::optional<std::string> unset_config_value(std::string_view text, std::string_view key,
                                              ConfigFileKind kind, std::string_view name);

/// A value as TOML: true, 42, "64K". The value must be one that the key takes.
std::string render_toml(const ConfigKey& key, std::string_view value);
/// `text` with the dotted `path` set to `rendered`, whatever the key.
std::string set_toml_value(std::string_view text, std::string_view path, std::string_view rendered,
                           std::string_view name);

}  // namespace store
