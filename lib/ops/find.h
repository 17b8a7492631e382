#pragma once

#include <functional>
#include <optional>
#include <string>

#include "format/tree.h"
#include "ops/workspace.h"

namespace store {

struct FindOptions {
  /// A glob in which `*` crosses '/': against the name, against the whole path if it contains '/'.
  std::optional<std::string> pattern = {};
  /// Regular files of this content.
  struct Content {
    ObjectId sha256;
    std::optional<std::uint64_t> size = {};  // if known: others need not be hashed
  };
  std::optional<Content> content = {};
};

struct FindMatch {
  ObjectId commit;
  std::string path;
  TreeEntry entry;
};

/// Looks through the commits of every ref, the newest first. A path is listed once for each content it had, with the newest
/// commit that holds it; a directory once. Of each commit only what differs from one looked at before is walked. Memory: the
/// depth of trees, and about 40 bytes a match (up to a million; later ones may repeat).
/// False if nothing matched.
bool find(Workspace& workspace, const FindOptions& options, const std::function<void(const FindMatch&)>& visit);

/// SHA-256 and size of a file on disk, read as a stream.
FindOptions::Content content_of_file(const Workspace& workspace, const std::string& path);

}  // namespace store
