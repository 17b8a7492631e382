#include "worktree/pathspec.h"

#include <algorithm>

#include "base/path.h"
#include "worktree/wildmatch.h"

namespace store {
namespace {

bool starts_with(std::string_view text, std::string_view start, LetterCase letters) {
  return text.size() >= start.size() && equal_text(text.substr(0, start.size()), start, letters);
}

}  // namespace

Pathspec Pathspec::exactly(std::string path) {
  Pathspec spec(std::move(path));
  spec.literal = true;
  return spec;
}

bool Pathspec::has_glob_characters(std::string_view pattern) { return literal_length(pattern) < pattern.size(); }

std::size_t Pathspec::literal_bytes() const {
  return literal ? pattern.size() : std::max(fixed, literal_length(pattern));
}

/// As match_pathspec_item() of git's dir.c.
bool Pathspec::matches(std::string_view path, EntryKind kind) const {
  const LetterCase letters = fold_case ? LetterCase::folded : LetterCase::matters;
  if (fold_case && path.substr(0, fixed) != std::string_view(pattern).substr(0, fixed)) return false;
  if (pattern.empty()) return true;
  if (starts_with(path, pattern, letters)) {
    if (path.size() == pattern.size() || pattern.ends_with('/') || path[pattern.size()] == '/') return true;
  } else if (kind == EntryKind::directory && pattern.ends_with('/') && path.size() + 1 == pattern.size() &&
             starts_with(pattern, path, letters)) {
    return true;
  }
  const std::size_t plain = literal_bytes();
  if (plain == pattern.size() || !starts_with(path, std::string_view(pattern).substr(0, plain), letters)) return false;
  return wildmatch(std::string_view(pattern).substr(plain), path.substr(plain),
                   within_names ? Wildcard::within_name : Wildcard::crosses_slash, letters);
}

bool Pathspec::may_match_below(std::string_view directory) const {
  if (directory.empty() || pattern.empty()) return true;
  // A `*` crosses '/', so only what stands before the first glob character can rule a directory out.
  std::string plain = pattern.substr(0, literal_bytes());
  if (plain.size() == pattern.size() && !plain.ends_with('/')) plain += '/';
  const std::string inside = std::string(directory) + '/';
  const std::size_t common = std::min(plain.size(), inside.size());
  const LetterCase letters = fold_case ? LetterCase::folded : LetterCase::matters;
  return equal_text(std::string_view(plain).substr(0, common), std::string_view(inside).substr(0, common), letters);
}

std::string Pathspec::root() const {
  const std::string_view plain = std::string_view(pattern).substr(0, fold_case ? fixed : literal_bytes());
  if (plain.size() < pattern.size()) return std::string(parent_path(plain));
  return std::string(plain.ends_with('/') ? plain.substr(0, plain.size() - 1) : plain);
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  return wildmatch(pattern, text, Wildcard::crosses_slash);
}

namespace {

std::string_view without_slash(std::string_view pattern) {
  return pattern.ends_with('/') ? pattern.substr(0, pattern.size() - 1) : pattern;
}

struct NameLess {
  bool operator()(const Pathspec& a, const Pathspec& b) const { return (*this)(a, without_slash(b.pattern)); }
  bool operator()(const Pathspec& a, std::string_view b) const { return compare_paths(without_slash(a.pattern), b) < 0; }
};

}  // namespace

PathspecSet::PathspecSet(std::vector<Pathspec> specs) {
  for (Pathspec& spec : specs) {
    std::vector<Pathspec>& kind = spec.exclude ? excluded_ : spec.literal && !spec.fold_case ? names_ : patterns_;
    kind.push_back(std::move(spec));
  }
  std::sort(names_.begin(), names_.end(), NameLess());
}

/// Whether the path or a directory above it is one of the names.
bool PathspecSet::is_named(std::string_view path, EntryKind kind) const {
  for (std::size_t end = 0;; end = std::min(path.find('/', end + 1), path.size())) {
    const std::string_view above = path.substr(0, end);
    for (auto name = std::lower_bound(names_.begin(), names_.end(), above, NameLess());
         name != names_.end() && without_slash(name->pattern) == above; ++name)
      if (name->matches(path, kind)) return true;
    if (end == path.size()) return false;
  }
}

bool PathspecSet::is_name_below(std::string_view directory) const {
  const auto first = std::lower_bound(names_.begin(), names_.end(), directory, NameLess());
  return first != names_.end() && is_within(without_slash(first->pattern), directory);
}

bool PathspecSet::matches(std::string_view path, EntryKind kind) const {
  return speaks_of(path, kind) &&
         std::none_of(excluded_.begin(), excluded_.end(), [&](const Pathspec& spec) { return spec.matches(path, kind); });
}

bool PathspecSet::speaks_of(std::string_view path, EntryKind kind) const {
  if (names_.empty() && patterns_.empty()) return true;
  return is_named(path, kind) ||
         std::any_of(patterns_.begin(), patterns_.end(), [&](const Pathspec& spec) { return spec.matches(path, kind); });
}

bool PathspecSet::may_match_below(std::string_view directory) const {
  if (names_.empty() && patterns_.empty()) return true;
  return is_named(directory, EntryKind::directory) || is_name_below(directory) ||
         std::any_of(patterns_.begin(), patterns_.end(), [&](const Pathspec& spec) { return spec.may_match_below(directory); });
}

std::vector<std::string> PathspecSet::roots() const {
  std::vector<std::string> roots;
  for (const std::vector<Pathspec>* specs : {&names_, &patterns_})
    for (const Pathspec& spec : *specs) roots.push_back(spec.root());
  if (roots.empty()) roots.emplace_back();
  std::sort(roots.begin(), roots.end(), PathLess());
  std::vector<std::string> disjoint;
  for (std::string& root : roots)
    if (disjoint.empty() || !is_within(root, disjoint.back())) disjoint.push_back(std::move(root));
  return disjoint;
}

}  // namespace store
