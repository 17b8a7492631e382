#include "ops/stage_paths.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/nearest_path.h"

namespace store {
namespace {

/// Anything that is tracked or on disk, or was: a name that is there, or the first match of a pattern.
bool matches_something(int root_fd, const Index& index, const Pathspec& spec) {
  const std::string start = spec.root();
  if (spec.literal && !spec.fold_case && !spec.pattern.ends_with('/'))
    return start.empty() || scan_one(root_fd, start) || index.contains_within(start);
  for (Index::Cursor tracked = index.seek(start); !tracked.at_end(); tracked.next()) {
    if (!is_within(tracked.entry().path, start)) break;
    if (spec.matches(tracked.entry().path, tracked.entry().kind)) return true;
  }
  Scanner scanner(root_fd, start, {});
  while (const std::optional<ScanEntry> found = scanner.next())
    if (spec.matches(found->path, found->kind)) return true;
  return false;
}

}  // namespace

void leave_out_ignored(const Workspace& workspace, const Index& index, AddOptions& options,
                       std::vector<IgnoredPath>& ignored) {
  if (options.force || options.update || options.paths.empty()) return;
  IgnoreQuery query(workspace);
  std::vector<Pathspec> kept;
  for (Pathspec& spec : options.paths) {
    const std::string path = spec.root();
    const bool named = !spec.exclude && !path.empty() && (spec.literal || spec.pattern == path);
    const std::optional<ScanEntry> found = named ? scan_one(workspace.worktree_fd(), path) : std::nullopt;
    std::optional<IgnoredPath> match;
    if (found && !index.tracks(path, found->kind)) match = query.ask(path);
    if (match && match->negative) match.reset();
    // In the place of what is tracked: that is gone, all the same.
    if (!match || index.contains_within(path)) kept.push_back(std::move(spec));
    if (match) ignored.push_back(std::move(*match));
  }
  options.paths = std::move(kept);
}

void check_paths_exist(int root_fd, const Index& index, AddOptions& options, std::vector<PathFailure>& failed) {
  std::vector<Pathspec> present;
  for (Pathspec& spec : options.paths) {
    const std::string& path = spec.pattern;
    for (std::size_t begin = 0; begin <= path.size();) {
      const std::size_t end = std::min(path.find('/', begin), path.size());
      const std::string name = path.substr(begin, end - begin);
      if (is_repository_name(name))
        throw Error(ErrorKind::usage, fmt::format("{}: the name of a repository is never content", escape_name(path)));
      begin = end + 1;
    }
    bool is_there = spec.exclude;
    try {
      is_there = is_there || matches_something(root_fd, index, spec);
    } catch (const Error& error) {
      // In a directory that may not be searched: one of the inputs that cannot be read.
      if (error.kind() != ErrorKind::permission) throw;
      failed.push_back({path, error.message()});
      continue;
    }
    if (is_there) {
      present.push_back(std::move(spec));
    } else if (options.paths_from_file) {
      failed.push_back({path, "no such file"});
    } else {
      throw unknown_path(index, root_fd, spec, fmt::format("{}: no such path, and nothing tracked", escape_name(spec.shown())));
    }
  }
  options.paths = std::move(present);
}

}  // namespace store
