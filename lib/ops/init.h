#pragma once

#include "ops/workspace.h"

namespace store {

struct InitOptions {
  std::string directory;  // absolute
  bool bare = false;
  std::string branch = "main";
  /// KEY=VALUE pairs that were asked for explicitly (chunking.avg, core.compression, core.permissions): an existing repository that
  /// records other values is Error{conflict}.
  std::vector<std::pair<std::string, std::string>> settings;
};
struct InitResult {
  std::string path;  // absolute path of the repository folder
  bool created = false;
  std::vector<std::string> notes;  // "added /x/.store/ to .git/info/exclude", …
};
/// Creates DIR, parents and the repository; cli contract `init`. Warns inside another working tree; Error{usage} inside a `.store`.
InitResult init(const Environment& env, const Settings& settings, const InitOptions& options);

}  // namespace store
