#pragma once

#include <string>
#include <string_view>

namespace store {

/// A path as git's porcelain prints it with core.quotePath=false: in double quotes with C escapes if it holds a space, a
/// quote, a backslash or a control byte; else as it is.
std::string c_quoted(std::string_view path);

/// "0644".
std::string mode_text(unsigned mode);
/// "3 files", "1 file".
std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace store
