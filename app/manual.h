#pragma once

#include <string>

#include "app/commands.h"

namespace store {

/// Pages of section 1 in the man(7) macros, from the tables that the parser and `store help` read: store(1), and
/// store-WORD(1).
std::string manual_index();
std::string manual_page(const CommandSpec& spec);

}  // namespace store
