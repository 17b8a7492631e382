#include "ops/exclude.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "worktree/pathspec.h"

namespace store {

bool is_excluded(const ScanEntry& entry, const std::vector<std::string>& patterns) {
  for (std::string_view pattern : patterns) {
    if (!pattern.empty() && pattern.back() == '/') {
      if (entry.kind != EntryKind::directory) continue;
      pattern.remove_suffix(1);
    }
    if (!pattern.empty() && pattern.front() == '/') {
      if (glob_matches(pattern.substr(1), entry.path)) return true;
      continue;
    }
    const bool whole = pattern.find('/') != std::string_view::npos;
    if (glob_matches(pattern, whole ? std::string_view(entry.path) : base_name(entry.path))) return true;
  }
  return false;
}

bool is_cache_directory(int root_fd, const std::string& path) {
  static constexpr std::string_view k_signature = "Signature: 8a477f597d28d172789f06886806bc55";
  const UniqueFd fd(open_beneath(root_fd, join_path(path, "CACHEDIR.TAG"), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return false;
  char start[k_signature.size()];
  const ssize_t got = ::read(fd.get(), start, sizeof start);
  return got == static_cast<ssize_t>(sizeof start) && std::string_view(start, sizeof start) == k_signature;
}

}  // namespace store
