#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace store {

/// One path argument: a path, a directory prefix, or a glob in which `*` crosses '/' (cli contract §3).
struct Pathspec {
  std::string pattern;   // from the root of the tree; "" is the root
  bool literal = false;  // no glob characters, or literal by request
};

/// glob(7) with `*` and `?` crossing '/', `[...]` classes, backslash escapes: what git's default pathspec
/// matching does.
bool glob_matches(std::string_view pattern, std::string_view text);
bool has_glob(std::string_view pattern);
/// The longest leading directory part of a pattern that holds no glob character: where a walk has to start.
std::string_view literal_prefix(std::string_view pattern);

class PathspecSet {
 public:
  explicit PathspecSet(std::vector<Pathspec> specs) : specs_(std::move(specs)) {}
  /// Everything, if there are none.
  bool matches(std::string_view path) const;
  /// Index of the first spec that matches, for "which one matched nothing"; -1 if none.
  int match_index(std::string_view path) const;
  /// True if something below this directory might match: it has to be entered.
  bool may_match_below(std::string_view directory) const;
  const std::vector<Pathspec>& specs() const { return specs_; }

 private:
  std::vector<Pathspec> specs_;
};

}  // namespace store
