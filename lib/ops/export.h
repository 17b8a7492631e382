#pragma once

#include <functional>
#include <optional>
#include <string>

#include "format/tree.h"
#include "ops/workspace.h"

namespace store {

struct ExportOptions {
  TreeEntry entry;          // a directory: what is in it becomes members; anything else: one member
  std::string name;         // of that one member
  std::string path;         // of the entry, from the root of the commit
  ObjectId tree;            // the commit's
  std::optional<ObjectId> attributes;  // the commit's root object
  std::int64_t time = 0;    // of members without a time of their own, seconds
  bool compress = false;    // zstd
};
struct ExportResult {
  std::uint64_t files = 0;  // regular files
  std::uint64_t bytes = 0;  // their content
};
/// Sends a tar archive of the entry, with the attributes that were recorded, in path order, decoding ahead on several threads. The bytes depend on tree and options alone.
/// Memory is bounded. Every chunk is verified before it is sent.
ExportResult export_tar(Workspace& workspace, const ExportOptions& options, const std::function<void(ByteView)>& sink);

}  // namespace store
