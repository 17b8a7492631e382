#include "app/path_arguments.h"

#include <sys/stat.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "worktree/pathspec.h"

namespace store {
namespace {

[[noreturn]] void throw_outside(std::string_view argument, const std::string& root) {
  throw Error(ErrorKind::usage, escape_name(argument) + ": is outside the working tree " + escape_name(root));
}

std::optional<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr), &std::free);
  if (!resolved) return std::nullopt;
  return std::string(resolved.get());
}

/// "/a/b" inside "/a" is "b"; nothing if it is not inside.
std::optional<std::string_view> below(std::string_view path, std::string_view root) {
  if (root == "/") return path.substr(1);
  if (path.substr(0, root.size()) != root) return std::nullopt;
  if (path.size() == root.size()) return std::string_view();
  if (path[root.size()] != '/') return std::nullopt;
  return path.substr(root.size() + 1);
}

/// The current directory in a pattern: its own characters mean themselves.
std::string escape_glob(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

}  // namespace

PathArguments::PathArguments(std::string root, const std::string& cwd, bool from_outside) : root_(std::move(root)) {
  if (root_.empty()) return;
  if (const auto inside = below(cwd, root_))
    prefix_ = *inside;
  else
    outside_ = !from_outside;
}

// Symlinks above the working tree are followed, those in it are not: the longest part that is the root itself is taken off.
std::string PathArguments::relative_to_root(std::string_view absolute) const {
  if (root_.empty()) throw Error(ErrorKind::usage, escape_name(absolute) + ": the repository has no working tree");
  std::string lexical;
  if (!normalise_path("", absolute.substr(1), lexical)) throw_outside(absolute, root_);
  lexical.insert(0, 1, '/');
  if (const auto inside = below(lexical, root_)) return std::string(*inside);
  for (std::size_t slash = lexical.size(); slash != std::string::npos && slash > 0; slash = lexical.rfind('/', slash - 1))
    if (real_path(lexical.substr(0, slash)) == root_) return lexical.substr(std::min(slash + 1, lexical.size()));
  throw_outside(absolute, root_);
}

std::string PathArguments::resolve(std::string_view argument) const { return resolve_from(prefix_, argument); }

std::string PathArguments::resolve_from(const std::string& base, std::string_view argument) const {
  if (argument.empty()) throw Error(ErrorKind::usage, "an empty path is no path", ".");
  std::string path;
  if (argument[0] == '/') {
    path = relative_to_root(argument);
  } else {
    if (outside_) throw_outside(argument, root_);
    if (!normalise_path(base, argument, path)) throw_outside(argument, root_);
  }
  for (const std::string_view part : components(path))
    if (is_repository_name(part))
      throw Error(ErrorKind::usage, escape_name(argument) + ": the name of a repository is never content");
  return path;
}

std::vector<std::string> PathArguments::resolve_all(const std::vector<std::string>& arguments) const {
  std::vector<std::string> paths;
  for (const std::string& argument : arguments) paths.push_back(resolve(argument));
  return paths;
}

std::vector<std::string> PathArguments::resolve_pathspecs(const std::vector<std::string>& arguments) const {
  std::vector<std::string> paths;
  for (const std::string& argument : arguments) {
    if (argument.starts_with(':'))
      throw Error(ErrorKind::usage, escape_name(argument) + ": pathspec magic is not in this version", "./" + argument);
    paths.push_back(resolve_from(has_glob(argument) ? escape_glob(prefix_) : prefix_, argument));
  }
  return paths;
}

std::string PathArguments::resolve_in_revision(std::string_view path) const {
  const bool from_here = path == "." || path == ".." || path.substr(0, 2) == "./" || path.substr(0, 3) == "../";
  if (from_here && outside_) throw_outside(path, root_);
  std::string out;
  if (!normalise_path(from_here ? prefix_ : std::string(), path, out))
    throw Error(ErrorKind::usage, escape_name(path) + ": is outside the tree");
  return out;
}

void PathArguments::check_no_symlink(const std::string& path) const {
  if (root_.empty()) return;
  struct stat info{};
  const std::string literal = has_glob(path) && lstat((root_ + "/" + path).c_str(), &info) != 0
                                  ? std::string(literal_prefix(path)) + "/"
                                  : path;
  for (std::size_t slash = literal.find('/'); slash != std::string::npos; slash = literal.find('/', slash + 1)) {
    const std::string parent = literal.substr(0, slash);
    if (parent.empty()) continue;
    if (lstat((root_ + "/" + parent).c_str(), &info) == 0 && S_ISLNK(info.st_mode))
      throw Error(ErrorKind::usage, escape_name(path) + ": is beyond the symlink " + escape_name(parent));
  }
}

std::string PathArguments::shown(std::string_view path) const {
  const std::vector<std::string_view> here = components(prefix_);
  const bool slash = !path.empty() && path.back() == '/';
  std::vector<std::string_view> there = components(slash ? path.substr(0, path.size() - 1) : path);
  std::size_t common = 0;
  while (common < here.size() && common < there.size() && here[common] == there[common]) ++common;
  std::string out;
  for (std::size_t i = common; i < here.size(); ++i) out += "../";
  for (std::size_t i = common; i < there.size(); ++i) {
    out += there[i];
    if (i + 1 < there.size() || slash) out += '/';
  }
  return out.empty() ? "./" : out;
}

std::string absolute_path(const std::string& cwd, std::string_view path) {
  if (!path.empty() && path[0] == '/') return std::string(path);
  if (path.empty() || path == ".") return cwd;
  return cwd == "/" ? "/" + std::string(path) : cwd + "/" + std::string(path);
}

}  // namespace store
