#pragma once

#include <string>
#include <string_view>

namespace store {

/// A word of a command line that a POSIX shell reads back as it is.
std::string shell_quoted(std::string_view word);

}  // namespace store
