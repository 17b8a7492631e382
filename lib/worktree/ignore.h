// Ignore rules, with git's meaning (gitignore(5)): files of patterns, and which line of them decides about a path. Matching is
// pure; only read_ignore_file() and IgnoreScope::of_directory() look at the disk.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// The file of rules that any directory of a tree may hold.
inline constexpr std::string_view k_ignore_file = ".storeignore";
/// A longer file of rules is Error{usage}.
inline constexpr std::size_t k_max_ignore_file = 16 << 20;

/// One pattern of a file.
struct IgnoreRule {
  std::string text;          // the line as it counts: without the end of line and unescaped trailing spaces
  std::uint32_t line = 0;    // from 1
  std::uint32_t begin = 0;   // the pattern in `text`: behind '!' and a leading '/', before a trailing '/'
  std::uint32_t length = 0;
  std::uint32_t literal = 0;     // bytes of it before the first glob character
  bool negative = false;         // '!': takes a path out again
  bool directory_only = false;   // trailing '/'
  bool name_only = false;        // no other '/': matched against the last component at any depth
  bool suffix = false;           // '*' and then no glob character
  std::string_view pattern() const { return std::string_view(text).substr(begin, length); }
};

/// The rules of one file, in its order.
class IgnoreFile {
 public:
  /// `source` names it in messages; rules with a '/' are relative to `directory` (from the root of the tree).
  IgnoreFile(std::string source, std::string directory, std::string_view text);
  const std::string& source() const { return source_; }
  bool empty() const { return rules_.empty(); }
  /// The last rule that matches, negative ones too; null if none does. `path` from the root of the tree, below the
  /// file's directory.
  const IgnoreRule* match(std::string_view path, bool is_directory) const;

 private:
  bool matches(const IgnoreRule& rule, std::string_view below, std::string_view name, bool is_directory) const;
  std::string source_;
  std::string directory_;
  std::vector<IgnoreRule> rules_;
};

/// Which line decided.
struct IgnoreMatch {
  const IgnoreFile* file = nullptr;  // lives as long as the scope
  const IgnoreRule* rule = nullptr;
};

/// The rules that are in force in one directory: those of the files there and above, the innermost first, then the ones for the
/// whole tree. Immutable, shared by all directories that have no rules of their own. Any thread.
class IgnoreScope {
 public:
  using Pointer = std::shared_ptr<const IgnoreScope>;

  /// Outside of any directory: files for the whole tree, the one that counts most first.
  static Pointer outside(std::vector<IgnoreFile> whole_tree);
  /// Inside a directory that a rule ignores, or that holds a file of rules; `outer` itself if neither.
  static Pointer inside(Pointer outer, std::string_view directory, std::optional<IgnoreFile> rules);
  /// Inside `directory` of a tree on disk, with the files of rules on the way; parents that are no directories have none.
  static Pointer of_directory(Pointer outside, int root_fd, const std::string& directory);

  /// The line that decides about an entry of this directory; nothing if none does. Below an ignored directory that is
  /// the directory's, whatever other rules say.
  std::optional<IgnoreMatch> match(std::string_view path, bool is_directory) const;
  /// True if that line is no negative one.
  bool ignores(std::string_view path, bool is_directory) const;

 private:
  Pointer outer_;
  std::vector<IgnoreFile> files_;
  std::optional<IgnoreMatch> whole_;  // of a directory that is ignored as a whole
};

/// The file of rules in a directory; nothing if there is none, or none that may be read as one: a symlink or a device is no
/// file of rules. `path` is the directory's from the root of the tree.
std::optional<IgnoreFile> read_ignore_file(int directory_fd, const std::string& path);

}  // namespace store
