#pragma once

#include <map>
#include <vector>

#include "format/content_hashes.h"
#include "format/tree.h"
#include "ops/workspace.h"

namespace store {

/// SHA-256 of whole files. A file stored as one chunk has it as its id; that of a larger one is computed from its content and
/// remembered in the repository's `hashes`, which is derived: a lost or damaged one costs computing. One thread.
class ContentHashes {
 public:
  explicit ContentHashes(Workspace& workspace) : workspace_(workspace) {}

  /// `entry` is a regular file.
  ObjectId sha256_of(const TreeEntry& entry);
  /// Puts what was computed into the repository, if it can be written to; never fails for that.
  void remember();

 private:
  void load();
  ObjectId compute(const TreeEntry& entry) const;

  Workspace& workspace_;
  bool loaded_ = false;
  std::vector<ContentHash> known_;         // ascending
  std::map<ObjectId, ObjectId> computed_;  // at most k_max_content_hashes
};

}  // namespace store
