#pragma once

#include "ops/workspace.h"

namespace store {

struct InitOptions {
  std::string directory;  // absolute
  bool bare = false;
  std::string branch = "main";
  bool branch_asked = false;  // then HEAD of an existing repository must be on it
  /// Keys that were asked for by option (chunking.avg, core.compression, core.permissions): an existing repository that
  /// has other values is Error{conflict}, and a new one writes them to its config.
  std::vector<std::string> asked;
};
struct InitResult {
  std::string path;  // absolute path of the repository folder
  bool created = false;
  std::vector<std::string> notes;  // "added /x/.store/ to .git/info/exclude", …
};
/// The repository's folder: DIR/.store, or DIR itself if it is or becomes a bare one.
std::string repository_folder(const InitOptions& options);
/// Creates DIR, parents and the repository; cli contract `init`. Warns inside another working tree; Error{usage} inside a `.store`.
InitResult init(const Environment& env, const Config& config, const InitOptions& options);

}  // namespace store
