#pragma once

#include <string>
#include <vector>

#include "app/option_table.h"

namespace store {

/// "-j, --jobs N".
std::string option_syntax(const OptionSpec& option);
/// What it means, with the values it may have.
std::string option_help(const OptionSpec& option);
/// Those that help and manual list.
std::vector<const OptionSpec*> shown_options(const std::vector<OptionSpec>& options);

}  // namespace store
