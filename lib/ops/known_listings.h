#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "base/mutex.h"
#include "ops/workspace.h"
#include "worktree/unchanged.h"

namespace store {

/// What the repository's `listings` knows of the directories of the working tree, so that those in which nothing changed need not
/// be read again. Derived: a lost or damaged one costs reading. One walk, one object.
class KnownListings {
 public:
  using Subtrees = std::unordered_map<std::string, UnchangedSubtree>;

  explicit KnownListings(const Workspace& workspace);

  /// Before the walk, which need not enter what is in here. `conditions`: what else must hold; the rest is filled in.
  Subtrees find_unchanged(const Index& index, UnchangedOptions conditions);
  /// For ScanOptions::listed; lives as long as this.
  std::function<void(const KnownListing&)> listener();
  /// After a walk over everything: puts what is known now into the repository, if that is worth it and it can be written to;
  /// never fails for that.
  void remember();

 private:
  void load();

  const Workspace& workspace_;
  const bool usable_;
  MappedFile file_;
  KnownListingsView known_;
  std::vector<std::uint32_t> confirmed_;
  Mutex mutex_;
  std::vector<KnownListing> learned_ STORE_GUARDED_BY(mutex_);
};

}  // namespace store
