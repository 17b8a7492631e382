#pragma once

#include <functional>
#include <string>

#include "format/tree.h"
#include "ops/workspace.h"

namespace store {

/// The regular files at and below an entry in path order, each with the SHA-256 of its content. `path` is the entry's, from the
/// root. Hashes that had to be computed are remembered (ContentHashes), also when it is interrupted.
void manifest(Workspace& workspace, const TreeEntry& entry, const std::string& path,
              const std::function<void(const std::string& path, const TreeEntry& entry, const ObjectId& sha256)>& visit);

}  // namespace store
