#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ops/status.h"
#include "worktree/pathspec.h"

namespace store {

/// Turns the untracked entries of a walk into what `status` lists: a directory stands for all that is in it, one in which all is
/// ignored counts as ignored, also if only something in it is asked for, and an empty one is content of its own. One thread, entries in path order.
class UntrackedList {
 public:
  struct Rules {
    bool all = false;      // files one by one instead of directories
    bool ignored = false;  // list what is ignored, too
  };
  /// `holds_content(directory)`: asked of an untracked directory that the walk does not enter, whether anything in it is not
  /// ignored, or nothing is in it.
  UntrackedList(Rules rules, const PathspecSet& pathspecs, std::function<bool(const ScanEntry&)> holds_content)
      : rules_(rules), pathspecs_(pathspecs), holds_content_(std::move(holds_content)) {}

  /// Whether the walk has to enter an untracked directory. Any thread.
  bool enters(const ScanEntry& directory) const;
  /// A directory in the place of a tracked file is not shown itself, as in git: the file's deletion stands for it. One of
  /// nothing but empty directories, of which git does not know, is hidden only if ignored. To be said before its add().
  enum class Hidden { always, ignored };
  void hide(std::string directory, Hidden hidden);
  void add(const ScanEntry& found);
  void finish() { leave(nullptr); }

  StatusList& untracked() { return untracked_; }
  StatusList& ignored() { return ignored_; }

 private:
  struct Open {
    std::string path;
    bool ignored = false;
    bool empty = true;
    bool content = false;            // something below is not ignored
    std::size_t ignored_before = 0;  // length of the list of ignored ones
  };
  void leave(const std::string* next);
  void close(const Open& directory);
  bool is_in_ignored(const std::string& path) const;
  void on_ignored(const std::string& path, bool directory);
  void on_content(const std::string& path, bool directory);

  const Rules rules_;
  const PathspecSet& pathspecs_;
  std::function<bool(const ScanEntry&)> holds_content_;
  std::vector<Open> open_;  // outermost first
  std::string ignored_above_;  // outermost ignored directory that the paths do not name, but something in it; as in git it is listed
  bool listed_above_ = false;
  std::string hidden_path_;
  Hidden hidden_ = Hidden::always;
  StatusList untracked_;
  StatusList ignored_;
};

/// True if something below an untracked directory is not ignored, or it is empty: the first such thing decides.
bool holds_content(int root_fd, const std::string& directory, const IgnoreScope::Pointer& whole_tree);
/// True if something other than directories is below an untracked directory, and not ignored.
bool holds_file(int root_fd, const std::string& directory, const IgnoreScope::Pointer& whole_tree);

}  // namespace store
