#include "app/path_arguments.h"

#include <sys/stat.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "worktree/wildmatch.h"

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

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

/// A pathspec without its magic, and what the magic says (git's parse_element_magic).
struct Magic {
  bool top = false;
  bool exclude = false;
  bool literal = false;
  bool glob = false;
  bool fold_case = false;
  std::string_view rest;
};

[[noreturn]] void throw_magic(std::string_view argument, const std::string& what) {
  throw Error(ErrorKind::usage, escape_name(argument) + ": " + what, "./" + std::string(argument));
}

void set_magic(Magic& magic, std::string_view argument, std::string_view word) {
  if (word.empty()) return;
  if (word == "top") magic.top = true;
  else if (word == "exclude") magic.exclude = true;
  else if (word == "literal") magic.literal = true;
  else if (word == "glob") magic.glob = true;
  else if (word == "icase") magic.fold_case = true;
  else throw_magic(argument, "unknown pathspec magic '" + escape_name(word) + "'");
}

/// ":(word,word)rest"
Magic long_magic(std::string_view argument) {
  const std::size_t end = argument.find(')');
  if (end == std::string_view::npos) throw_magic(argument, "the pathspec magic has no end: a ) is missing");
  Magic magic;
  std::string_view words = argument.substr(2, end - 2);
  while (!words.empty()) {
    const std::size_t comma = std::min(words.find(','), words.size());
    set_magic(magic, argument, words.substr(0, comma));
    words.remove_prefix(std::min(comma + 1, words.size()));
  }
  magic.rest = argument.substr(end + 1);
  return magic;
}

/// ":/rest", ":!rest", ":^rest", several of them, and an optional second ':' as their end.
Magic short_magic(std::string_view argument) {
  static constexpr std::string_view k_reserved = "\"#%&',-;<=>@_`~";
  Magic magic;
  magic.rest = argument.substr(1);
  for (; !magic.rest.empty(); magic.rest.remove_prefix(1)) {
    const char letter = magic.rest.front();
    if (letter == '/') magic.top = true;
    else if (letter == '!' || letter == '^') magic.exclude = true;
    else if (k_reserved.find(letter) != std::string_view::npos)
      throw_magic(argument, std::string("unknown pathspec magic '") + letter + "'");
    else break;
  }
  if (magic.rest.starts_with(':')) magic.rest.remove_prefix(1);
  return magic;
}

Magic read_magic(std::string_view argument) {
  if (!argument.starts_with(':')) return {.rest = argument};
  const Magic magic = argument.starts_with(":(") ? long_magic(argument) : short_magic(argument);
  if (magic.literal && magic.glob) throw_magic(argument, "'literal' and 'glob' exclude each other");
  return magic;
}

/// How much of the current directory is still in front of a path that begins with "..", with its '/'.
std::size_t surviving_prefix(std::string_view prefix, std::string_view path) {
  std::size_t here = components(prefix).size();
  std::size_t lowest = here;
  for (const std::string_view part : components(path)) {
    if (part == "..") here -= here > 0;
    else if (!part.empty() && part != ".") ++here;
    lowest = std::min(lowest, here);
  }
  const std::vector<std::string_view> parts = components(prefix);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < lowest; ++i) bytes += parts[i].size() + 1;
  return bytes;
}

/// Nothing but a directory can be meant.
bool names_directory(std::string_view argument) {
  const std::string_view last = argument.substr(argument.rfind('/') + 1);
  return last.empty() || last == "." || last == "..";
}

}  // namespace

PathArguments::PathArguments(std::string root, const std::string& cwd, bool from_outside) : root_(std::move(root)) {
  if (root_.empty()) return;
  if (const auto inside = below(cwd, root_))
    prefix_ = *inside;
  else
    outside_ = !from_outside;
  from_outside_ = !below(cwd, root_);
}

std::optional<std::string> PathArguments::place(std::string_view argument) const {
  if (root_.empty() || argument.empty()) return std::nullopt;
  for (const std::string_view part : components(prefix_))
    if (is_repository_name(part)) return std::nullopt;
  return absolute_path(prefix_.empty() ? root_ : root_ + "/" + prefix_, argument);
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
  for (const std::string& argument : arguments) {
    paths.push_back(resolve(argument));
    if (!paths.back().empty() && names_directory(argument)) paths.back() += '/';
  }
  return paths;
}

Pathspec PathArguments::resolve_pathspec(const std::string& argument) const {
  const Magic magic = literal_ ? Magic{.literal = true, .rest = argument} : read_magic(argument);
  const std::string& base = magic.top ? std::string() : prefix_;
  const bool magical = magic.rest.size() < argument.size();
  // Behind magic nothing means the directory itself.
  std::string path = resolve_from(base, magical && magic.rest.empty() ? "." : magic.rest);
  const bool absolute = magic.rest.starts_with('/');
  const std::size_t fixed = absolute || base.empty() ? 0 : surviving_prefix(base, magic.rest);
  if (!path.empty() && names_directory(magic.rest)) path += '/';
  Pathspec spec(std::move(path));
  spec.fixed = std::min(fixed, spec.pattern.size());
  spec.literal = magic.literal || literal_length(std::string_view(spec.pattern).substr(spec.fixed)) + spec.fixed == spec.pattern.size();
  spec.exclude = magic.exclude;
  spec.within_names = magic.glob;
  spec.fold_case = magic.fold_case;
  spec.text = argument;
  return spec;
}

std::vector<Pathspec> PathArguments::resolve_pathspecs(const std::vector<std::string>& arguments) const {
  std::vector<Pathspec> specs;
  for (const std::string& argument : arguments) specs.push_back(resolve_pathspec(argument));
  return specs;
}

std::string PathArguments::resolve_in_revision(std::string_view path) const {
  const bool from_here = path == "." || path == ".." || path.substr(0, 2) == "./" || path.substr(0, 3) == "../";
  if (from_here && outside_) throw_outside(path, root_);
  std::string out;
  if (!normalise_path(from_here ? prefix_ : std::string(), path, out))
    throw Error(ErrorKind::usage, escape_name(path) + ": is outside the tree");
  return out;
}

void PathArguments::check_no_symlink(const Pathspec& spec) const {
  if (root_.empty() || spec.exclude) return;
  struct stat info{};
  const bool exact = spec.literal || lstat((root_ + "/" + spec.pattern).c_str(), &info) == 0;
  const std::string path = exact ? spec.pattern : spec.root() + "/";
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (parent.empty() || slash + 1 == spec.pattern.size()) continue;
    if (lstat((root_ + "/" + parent).c_str(), &info) == 0 && S_ISLNK(info.st_mode))
      throw Error(ErrorKind::usage, escape_name(spec.shown()) + ": is beyond the symlink " + escape_name(parent));
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
