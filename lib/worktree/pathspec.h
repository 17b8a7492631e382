#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/tree.h"

namespace store {

/// One path argument (cli contract §3): a path, a directory, or a glob in which `*` crosses '/'.
struct Pathspec {
  /// A path from the root of the tree, or a glob if it holds glob characters; "" is the root. With a '/' at the end it
  /// matches directories only, and what is below them.
  Pathspec(std::string path) : pattern(std::move(path)), literal(!has_glob_characters(pattern)) {}
  Pathspec(const char* path) : Pathspec(std::string(path)) {}
  /// A name that is never a pattern.
  static Pathspec exactly(std::string path);

  std::string pattern;
  std::size_t fixed = 0;      // leading bytes that are no pattern and whose letters' case matters: a current directory
  bool literal = false;       // no glob characters that count
  bool exclude = false;       // takes away what the others match
  bool within_names = false;  // :(glob): only `**` crosses '/'
  bool fold_case = false;     // :(icase)
  std::string text = {};      // as it was given, for messages; "" is the pattern

  std::string_view shown() const { return text.empty() ? pattern : text; }
  /// Whether it matches an entry, exclusion or not.
  bool matches(std::string_view path, EntryKind kind = EntryKind::file) const;
  /// False only if nothing below this directory can match.
  bool may_match_below(std::string_view directory) const;
  /// The deepest directory, or the very path, that all it matches is in: where a walk starts.
  std::string root() const;

 private:
  static bool has_glob_characters(std::string_view pattern);
  std::size_t literal_bytes() const;
};

/// glob(7) with `*` and `?` crossing '/', `[...]` classes, backslash escapes: what git's default pathspec
/// matching does.
bool glob_matches(std::string_view pattern, std::string_view text);

/// The arguments of one command. Plain names are looked up, not tried one after the other: there may be a million of them.
class PathspecSet {
 public:
  explicit PathspecSet(std::vector<Pathspec> specs);
  /// What any of them matches, and no exclusion. Everything, if there are none; everything else, if there are only exclusions.
  bool matches(std::string_view path, EntryKind kind = EntryKind::file) const;
  /// The same without exclusions: false only for what no argument speaks of.
  bool speaks_of(std::string_view path, EntryKind kind) const;
  /// True if something below this directory might match: it has to be entered.
  bool may_match_below(std::string_view directory) const;
  /// Where walks have to start, in path order, none below another one.
  std::vector<std::string> roots() const;

 private:
  bool is_named(std::string_view path, EntryKind kind) const;
  bool is_name_below(std::string_view directory) const;

  std::vector<Pathspec> names_;     // literal, in path order
  std::vector<Pathspec> patterns_;  // globs and names in any case
  std::vector<Pathspec> excluded_;
};

}  // namespace store
