#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ops/workspace.h"
#include "worktree/index.h"

namespace store {

/// The index that one `save` works on, in a folder of its own in the repository's `saves`. For a path it holds what was there at the
/// last save, so that unchanged files are not read again. It is derived: lost, damaged or in use by another save, it costs reading.
/// Whoever takes an id from it must look it up.
class SaveIndex {
 public:
  /// `path`: the absolute path that is saved; the index depends on it and on the settings that ids depend on. Nothing: an
  /// empty index that goes with the object.
  SaveIndex(const Workspace& workspace, const std::optional<std::string>& path);
  ~SaveIndex();
  SaveIndex(const SaveIndex&) = delete;
  SaveIndex& operator=(const SaveIndex&) = delete;

  Index& index() { return *index_; }
  bool remembered() const { return !temporary_; }

 private:
  bool open(const std::string& name, const std::string& path);
  void load();
  FileSystem& fs_;
  int repository_fd_;
  std::string name_;
  bool temporary_ = false;
  UniqueFd directory_;
  UniqueFd owner_;  // `path`, locked: one save at a time
  std::unique_ptr<Index> index_;
};

}  // namespace store
