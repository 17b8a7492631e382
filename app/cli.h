#pragma once

#include <string>
#include <vector>

#include "app/console.h"

namespace store {

/// Runs one command line (without the program's name) and returns its exit code. It never throws, ends the process, changes
/// the current directory or touches descriptors 0 to 2 but through the console.
int run(const std::vector<std::string>& arguments, Console& console);

}  // namespace store
