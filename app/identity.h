#pragma once

#include <string_view>

#include "format/commit.h"

namespace store {

/// Login name and login@hostname of this process; uid-N and uid-N@hostname if the system does not know it. Never an error.
Identity login_identity();

/// "Name <email>" of --author; Error{usage} in any other form.
Identity parse_identity(std::string_view text);

}  // namespace store
