#pragma once

#include <string>

#include "ops/workspace.h"

namespace store {

/// True unless the repository remembers that its users were told of these settings last. They are remembered, as far as it can be
/// written to. `settings`: one "KEY = VALUE" on a line.
bool tell_once(const Workspace& workspace, const std::string& settings);

}  // namespace store
