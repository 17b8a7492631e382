#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/path.h"
#include "repo/session.h"
#include "worktree/index.h"

namespace store {

/// Entries in any order in, in path order out; of several for one path the last one counts. Memory is bounded: what is too much
/// goes to a temporary index in the session's folder, which goes with the session. One thread at a time.
class EntrySorter {
 public:
  EntrySorter(FileSystem& fs, const Session& session) : fs_(fs), session_(session) {}

  void put(IndexEntry entry);
  std::optional<IndexEntry> find(const std::string& path) const;
  bool empty() const { return entries_.empty() && !spill_; }
  /// In path order. What lies below a path that has become something else than a directory since is left out.
  void visit(const std::function<void(const IndexEntry&)>& visit);

 private:
  void spill();
  FileSystem& fs_;
  const Session& session_;
  std::map<std::string, IndexEntry, PathLess> entries_;
  std::size_t metadata_bytes_ = 0;  // put since the last spill
  std::unique_ptr<Index> spill_;
};

}  // namespace store
