#pragma once

#include "format/tree.h"
#include "ops/workspace.h"

namespace store {

/// A revision that was resolved: cli contract §3 "Revisions".
struct Revision {
  ObjectId commit;
  std::string branch = {};  // "refs/heads/X" if the text named a branch (also through HEAD)
};

/// HEAD, @, branch, tag, id prefix, with ^ and ~N; of a ref also @{N} and @{DATE}. Error{not_found} with the nearest candidates, Error{ambiguous} with candidates.
/// Before the first commit HEAD is Error{not_found}.
Revision resolve_revision(const Workspace& workspace, std::string_view text);
/// The same, nothing instead of not_found.
std::optional<Revision> try_resolve_revision(const Workspace& workspace, std::string_view text);

/// The commit object, checked.
Commit read_commit(const ObjectReader& objects, const ObjectId& id);

/// REV:PATH split at the first ':'. `path` is from the root (already resolved against the current directory for ./ and ../ by
/// the caller). Nothing for `path` if there is no ':'.
struct RevisionPath {
  std::string revision;             // "" means the index (":PATH")
  std::optional<std::string> path;
};
RevisionPath split_revision_path(std::string_view text);

/// The entry at a path of a tree; the root ("" ) is a directory entry without name. Error{not_found} with the nearest names.
TreeEntry find_in_tree(const ObjectReader& objects, const ObjectId& root, std::string_view path);

}  // namespace store
