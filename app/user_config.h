#pragma once

#include <functional>
#include <optional>
#include <string>

#include "repo/lock.h"

namespace store {

/// Replaces the user's configuration file by what `edit` makes of its text, or leaves it alone if that is nothing. Its
/// directories are made. Reads and writes under one lock, the file's name with ".lock": of several edits at once none is
/// lost. Error{locked} after the timeout.
void edit_user_config(const std::string& path, const std::function<std::optional<std::string>(std::string)>& edit,
                      const LockWait& wait);

}  // namespace store
