#pragma once

#include <functional>
#include <vector>

#include "worktree/scanner.h"
#include "worktree/xattrs.h"

namespace store {

/// Attributes of one entry on their way in, wherever they come from: a file here, or a member of an archive.
struct CapturedAttributes {
  Attributes attributes;
  /// Contents of the extended attributes that the entry names as chunks: to be stored before the entry is used.
  std::vector<Bytes> chunks;
  /// Extended attributes had to be left out: the entry would exceed k_max_attributes_entry.
  bool too_long = false;
};

/// Takes over extended attributes, those over k_max_inline_xattr bytes as chunks; if the entry is too long all of them, and if it
/// still is none (design: "Attributes mirror the tree").
void set_xattrs(CapturedAttributes& captured, std::vector<RawXattr> xattrs);

/// What a stat and the extended attributes of a file say. Whether a file is `sparse` is asked of `file.fd`, if it is open.
CapturedAttributes capture_attributes(const FilePlace& file, const ScanEntry& found, const MetadataSelection& selection);

/// Attributes as the index records them. `before` is what the index says of the path so far: what a checkout could not apply, and
/// nobody changed since, counts on; so does a time finer than the file system keeps, if the file has `known_mtime_ns` still.
IndexMetadata index_metadata(const Attributes& fresh, const ScanEntry& found, const MetadataSelection& selection,
                             const IndexMetadata& before, std::int64_t known_mtime_ns);

/// True if nothing `wanted` is missing of what the index says of a path whose stat is as recorded.
bool knows_metadata(ByteView metadata, const MetadataSelection& wanted);

/// The metadata marked as to be captured again: somebody took over a new stat without looking at the attributes.
Bytes stale_metadata(Bytes metadata);

}  // namespace store
