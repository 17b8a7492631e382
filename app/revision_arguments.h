#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/tree.h"
#include "ops/revision.h"

namespace store {

class Context;

/// True if an argument without `--` is a path: it is on disk in the working tree and no revision. Error{usage} if it is both;
/// from outside the working tree, where nothing on disk is next to the argument, a revision wins.
bool is_path_argument(Context& context, const std::string& argument, const std::string& hint);

/// A revision where a path may stand, too, that is none. Error{not_found} with the nearest names of both.
Revision resolve_argument(Context& context, const std::string& text);

/// A..B; an empty side is HEAD.
struct RevisionRange {
  Revision from;
  Revision to;
};
/// Nothing if the text holds no "..", or a side of it is no revision.
std::optional<RevisionRange> try_resolve_range(Context& context, const std::string& text);

/// Arguments before `--`, told apart (cli contract §3): from the first that is no revision but an existing path, all are
/// paths. Error{usage} for one that is both, Error{not_found} for one that is neither.
struct RevisionsAndPaths {
  std::vector<std::string> revisions;
  std::vector<std::string> paths;
};
RevisionsAndPaths split_revisions_and_paths(Context& context);

/// What REV, REV:PATH or :PATH names.
struct TreeTarget {
  TreeEntry entry;      // the root of a revision is a directory without name
  std::string path;     // from the root
  std::optional<ObjectId> commit = {};  // nothing for what is staged
  bool staged = false;  // of the index: a directory's id is zero if something below it changed
};
TreeTarget resolve_tree_target(Context& context, const std::string& text);

}  // namespace store
