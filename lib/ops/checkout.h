#pragma once

#include "ops/revision.h"
#include "pipeline/restore.h"
#include "worktree/pathspec.h"

namespace store {

struct NotRestored {
  std::uint64_t owner = 0, xattr = 0, acl = 0, device = 0, setid = 0, mode = 0;
};

struct CheckoutOptions {
  Revision revision = {};
  std::optional<std::string> subtree = {};  // REV:SUB
  std::vector<Pathspec> paths = {};         // index and working tree only, HEAD stays
  std::optional<std::string> out = {};      // absolute directory: export there
  bool force = false;
  std::optional<std::string> new_branch = {};  // "refs/heads/X": made at the revision, and HEAD put on it
  bool from_index = false;                 // with paths: what is staged, instead of a revision's
  bool keep_index = false;                 // with paths: files only
  bool remove = false;                     // with paths: takes what is tracked out of index and working tree
};
struct CheckoutResult {
  std::optional<ObjectId> head;
  std::string branch;
  std::uint64_t written = 0;  // files, symlinks, directories made or changed
  std::uint64_t removed = 0;
  std::uint64_t kept = 0;     // were there already as wanted
  std::uint64_t bytes = 0;    // content written
  NotRestored not_restored;
  std::vector<PathFailure> failed;
  bool damaged = false;  // some of `failed` because of damage in the repository
};
/// Every one that changed something is an entry of the oplog, which names the index before and after, and the bytes that it
/// discarded, perhaps none.
/// cli contract `checkout`: in place (HEAD, index and working tree), by paths, or to another folder. What is in the way is
/// Error{conflict} listing all paths and nothing touched. Validates the whole target tree first.
CheckoutResult checkout(Workspace& workspace, const CheckoutOptions& options);

}  // namespace store
