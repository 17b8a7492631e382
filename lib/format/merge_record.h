#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/object_id.h"

namespace store {

/// Why a merge could not decide about a path.
enum class MergeConflict : std::uint8_t {
  none,
  both_modified,    // UU
  both_added,       // AA
  deleted_by_us,    // DU: the other side's version is kept
  deleted_by_them,  // UD: ours is kept
  file_directory,   // a file on one side, a directory on the other: the file has gone to `beside`
};

/// One conflict of a merge that waits for its commit.
struct ConflictRecord {
  std::string path;
  MergeConflict conflict = MergeConflict::none;
  std::string beside;     // where the version that is not at the path has gone; "" if there is none
  bool resolved = false;  // by add, rm or checkout of the path
  bool operator==(const ConflictRecord&) const = default;
};

/// `merge`: what is known of the last merge beside its ref: the conflicts between two commits, in path order.
struct MergeRecord {
  ObjectId ours;
  ObjectId theirs;
  std::string label;    // "dev", or ten digits of the id
  std::string message;  // prepared for the commit
  std::vector<ConflictRecord> conflicts;
  bool operator==(const MergeRecord&) const = default;
};
Bytes encode_merge_record(const MergeRecord& record);
/// Error{corrupt} for anything encode_merge_record does not write, Error{newer_format} for a later version.
MergeRecord decode_merge_record(ByteView bytes);

}  // namespace store
