#include "ops/nearest_path.h"

#include <dirent.h>
#include <fcntl.h>

#include <memory>

#include "base/path.h"
#include "base/text.h"
#include "worktree/scanner.h"

namespace store {
namespace {

/// More would take time that the question is not worth.
constexpr std::size_t k_compared_names = 10'000;

void compare_tracked(const Index& index, const std::string& directory, NearestName& nearest) {
  Index::Cursor at = index.seek(directory);
  if (!at.at_end() && at.entry().path == directory) at.next();
  for (std::size_t seen = 0; seen < k_compared_names && !at.at_end() && is_within(at.entry().path, directory); ++seen) {
    const std::string_view below = std::string_view(at.entry().path).substr(directory.empty() ? 0 : directory.size() + 1);
    nearest.compare(below.substr(0, below.find('/')));
    at.next_sibling();
  }
}

void compare_on_disk(int root_fd, const std::string& directory, NearestName& nearest) {
  UniqueFd fd(open_beneath(root_fd, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return;
  const auto close = [](DIR* open) { closedir(open); };
  const std::unique_ptr<DIR, decltype(close)> listing(fdopendir(fd.get()), close);
  if (!listing) return;
  fd.release();  // the listing closes it
  for (std::size_t seen = 0; seen < k_compared_names; ++seen) {
    const dirent* entry = readdir(listing.get());
    if (entry == nullptr) return;
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && !is_repository_name(name)) nearest.compare(name);
  }
}

std::optional<std::string> nearest_path(const Index& index, int root_fd, std::string_view path) {
  const auto exists = [&](const std::string& directory) {
    return index.contains_within(directory) || (root_fd >= 0 && scan_one(root_fd, directory));
  };
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end < path.size() && exists(std::string(path.substr(0, end)))) {
      begin = end + 1;
      continue;
    }
    const std::string directory(path.substr(0, begin == 0 ? 0 : begin - 1));
    NearestName nearest(path.substr(begin, end - begin));
    compare_tracked(index, directory, nearest);
    if (root_fd >= 0) compare_on_disk(root_fd, directory, nearest);
    if (!nearest.best()) return {};
    const std::string near = join_path(directory, *nearest.best());
    const std::string whole = near + std::string(path.substr(end));
    return exists(whole) ? whole : near;
  }
  return {};
}

/// `path` in the words of an argument: what stands for the current directory in it stays as it was given.
std::string as_given(const Pathspec& spec, const std::string& path) {
  const std::string_view pattern = std::string_view(spec.pattern).substr(spec.fixed);
  const std::string_view text = spec.text;
  const bool same_directory = path.compare(0, spec.fixed, spec.pattern, 0, spec.fixed) == 0;
  if (!same_directory || !text.ends_with(pattern)) return path;
  return std::string(text.substr(0, text.size() - pattern.size())) + path.substr(spec.fixed);
}

}  // namespace

Error unknown_path(const Index& index, int root_fd, const Pathspec& spec, std::string message) {
  Error error(ErrorKind::not_found, std::move(message));
  if (!spec.literal) return error;
  const bool slash = spec.pattern.ends_with('/');
  const std::optional<std::string> nearest =
      nearest_path(index, root_fd, std::string_view(spec.pattern).substr(0, spec.pattern.size() - (slash ? 1 : 0)));
  if (!nearest) return error;
  const std::string given = as_given(spec, *nearest);
  return error.with_candidates({given}).with_hint(given);
}

}  // namespace store
