#pragma once

#include <optional>
#include <string>

#include "app/console.h"
#include "app/parser.h"
#include "config/config.h"

namespace store {

/// Every layer of settings as it lies on this machine: files are read here, the environment and the options taken as they
/// are. `repository`: the repository folder, if there is one.
ConfigSources config_sources(const Console& console, const Arguments& arguments,
                             const std::optional<std::string>& repository);

/// The user's folder, ${XDG_CONFIG_HOME:-~/.config}/store; nothing without a home.
std::optional<std::string> user_config_folder(const Console& console);
/// The same to read from: nothing, too, if the way there is closed to this user. sudo, su and containers leave the HOME of somebody else.
std::optional<std::string> readable_user_folder(const Console& console);
/// Path of the user's file, ${XDG_CONFIG_HOME:-~/.config}/store/config.toml; nothing without a home.
std::optional<std::string> user_config_path(const Console& console);

}  // namespace store
