#pragma once

#include <sys/types.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace store::test {

/// One item of a tree to make: "d/" is a directory, a target makes a symlink, anything else is a file.
struct TreeItem {
  std::string path;
  std::string content = {};
  mode_t mode = 0;  // 0: 0644 for files, 0755 for directories, whatever the umask
  std::string target = {};
};

/// A temporary directory that goes away with the object; kept if STORE_KEEP_SCRATCH is set. All paths are
/// relative to it, parents are made as needed, and everything throws on failure.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  std::string path(std::string_view relative) const;
  int dirfd() const { return fd_.get(); }

  void write(std::string_view name, std::string_view content, mode_t mode = 0644) const;
  void make_directory(std::string_view name, mode_t mode = 0755) const;
  void make_symlink(std::string_view name, const std::string& target) const;
  void make_tree(std::initializer_list<TreeItem> items) const;
  std::string read(std::string_view name) const;
  bool exists(std::string_view name) const;  // does not follow symlinks
  void remove(std::string_view name) const;
  /// Every path below, sorted by bytes, directories without a trailing slash.
  std::vector<std::string> list() const;

 private:
  std::string path_;
  UniqueFd fd_;
};

}  // namespace store::test
