#include "worktree/pathspec.h"

#include <algorithm>

#include "base/path.h"
#include "worktree/wildmatch.h"

namespace store {
namespace {

std::string_view before_glob(std::string_view pattern) {
  return pattern.substr(0, literal_length(pattern));
}

bool matches_spec(const Pathspec& spec, std::string_view path) {
  return is_within(path, spec.pattern) || (!spec.literal && glob_matches(spec.pattern, path));
}

bool may_match_below_spec(const Pathspec& spec, std::string_view directory) {
  if (is_within(directory, spec.pattern) || is_within(spec.pattern, directory)) return true;
  if (spec.literal || !has_glob(spec.pattern)) return false;
  // '*' crosses '/', so only what stands before the first glob character can rule a directory out.
  const std::string_view fixed = before_glob(spec.pattern);
  const std::string inside = std::string(directory) + '/';
  const std::size_t common = std::min(fixed.size(), inside.size());
  return fixed.substr(0, common) == std::string_view(inside).substr(0, common);
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  return wildmatch(pattern, text, Wildcard::crosses_slash);
}

bool has_glob(std::string_view pattern) { return before_glob(pattern).size() < pattern.size(); }

std::string_view literal_prefix(std::string_view pattern) {
  if (!has_glob(pattern)) return pattern;
  return parent_path(before_glob(pattern));
}

bool PathspecSet::matches(std::string_view path) const { return specs_.empty() || match_index(path) >= 0; }

int PathspecSet::match_index(std::string_view path) const {
  const auto found = std::find_if(specs_.begin(), specs_.end(),
                                  [&](const Pathspec& spec) { return matches_spec(spec, path); });
  return found == specs_.end() ? -1 : static_cast<int>(found - specs_.begin());
}

bool PathspecSet::may_match_below(std::string_view directory) const {
  return specs_.empty() || std::any_of(specs_.begin(), specs_.end(), [&](const Pathspec& spec) {
           return may_match_below_spec(spec, directory);
         });
}

}  // namespace store
