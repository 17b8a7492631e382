#pragma once

#include <functional>
#include <string>

#include "ops/status.h"

namespace store {

/// One line of `status --porcelain`: two letters and paths.
struct StatusLine {
  char staged = ' ';
  char unstaged = ' ';
  std::string path;  // a directory ends with '/'
  std::string from;  // of a rename
};

/// All entries in git's order: what is tracked by the plain bytes of the path, then what is untracked, then what is ignored. 24 bytes an entry.
void for_each_status_line(const StatusResult& result, const std::function<void(const StatusLine&)>& visit);

/// "R  old -> new", C-quoted; `shown` turns a path from the root into the one to print.
std::string porcelain_line(const StatusLine& line, const std::function<std::string(const std::string&)>& shown);
/// "R  new NUL old NUL" with raw names.
std::string porcelain_record(const StatusLine& line);

}  // namespace store
