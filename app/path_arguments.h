#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worktree/pathspec.h"

namespace store {

/// Turns path arguments into paths from the root of the tree.
class PathArguments {
 public:
  /// `root`: absolute path of the working tree, "" for a bare repository. From outside it, arguments are relative to
  /// its root if `from_outside` (the repository was named explicitly), else refused.
  PathArguments(std::string root, const std::string& cwd, bool from_outside);

  /// A path: relative to the current directory, or absolute. Error{usage} if it is empty, outside of the tree,
  /// or names a repository folder.
  std::string resolve(std::string_view argument) const;
  /// The same; a '/' at the end of an argument stays: it names directories only.
  std::vector<std::string> resolve_all(const std::vector<std::string>& arguments) const;
  /// Pathspecs of the command line, with git's magic: ":/", ":!", ":(glob)" and so on. Error{usage} for magic that there is not.
  std::vector<Pathspec> resolve_pathspecs(const std::vector<std::string>& arguments) const;
  Pathspec resolve_pathspec(const std::string& argument) const;
  /// From here on every pathspec is a name (STORE_LITERAL_PATHSPECS).
  void take_literally() { literal_ = true; }
  /// PATH of REV:PATH: from the root, from the current directory if it begins with ./ or ../
  std::string resolve_in_revision(std::string_view path) const;
  /// Where an argument without `--` would be on disk: from outside the working tree below its root. Nothing if there is no
  /// working tree, or the current directory is in a repository folder.
  std::optional<std::string> place(std::string_view argument) const;
  /// The current directory is not in the working tree.
  bool from_outside() const { return from_outside_; }
  /// Error{usage} if a parent of the path (of the glob's literal part) is a symlink in the working tree.
  void check_no_symlink(const Pathspec& spec) const;

  /// A path from the root as seen from the current directory: "../b" for "b" in "a"; "./" for the directory itself.
  std::string shown(std::string_view path) const;

 private:
  std::string relative_to_root(std::string_view absolute) const;
  std::string resolve_from(const std::string& base, std::string_view argument) const;
  std::string root_;
  std::string prefix_;   // current directory from the root, "" at the root
  bool from_outside_ = false;
  bool outside_ = false; // and not allowed
  bool literal_ = false;
};

/// Absolute path of a file named in an option: relative to `cwd`.
std::string absolute_path(const std::string& cwd, std::string_view path);

}  // namespace store
