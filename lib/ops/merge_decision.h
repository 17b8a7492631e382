// The rule by which two states of a path and the one they come from are brought together: ids decide, nothing is read.
#pragma once

#include "format/merge_record.h"
#include "format/tree.h"

namespace store {

/// What comes to a path.
enum class MergeTake : std::uint8_t {
  ours,                      // the entry as it is here, perhaps none
  theirs,                    // as it is there, perhaps none
  our_content_their_mode,
  their_content_our_mode,
  directories,               // what is in the directories is merged, one of which may be missing
  our_directory,             // our directory, merged with that of the base; their file goes beside it
  their_directory,           // the reverse
};

struct MergeDecision {
  MergeTake take = MergeTake::ours;
  MergeConflict conflict = MergeConflict::none;
  bool operator==(const MergeDecision&) const = default;
};

/// Null is "no entry". Names are not looked at. The table, B the base, = unchanged since B:
///
///     ours      theirs      result
///     alike     alike       that
///     X         =           X, whatever it is
///     =         Y           Y, whatever it is
///     dir       dir         merged; its mode like that of files, ours if both changed it
///     dir       none        merged with nothing if B is a directory, else our directory (and the reverse)
///     dir       file        conflict file_directory (and the reverse); none if nothing is left in the directory
///     none      file        B a file: conflict deleted_by_us, theirs; else theirs
///     file      none        B a file: conflict deleted_by_them, ours; else ours
///     file      file        no B, or B a directory: conflict both_added, ours
///     file      file        of one type, content changed on one side at most and the mode, too: both changes
///     file      file        else: conflict both_modified, ours
///
/// where "file" is everything that is no directory.
MergeDecision decide_merge(const TreeEntry* base, const TreeEntry* ours, const TreeEntry* theirs);

/// The mode of a directory that both sides have.
std::uint16_t merged_mode(const TreeEntry* base, const TreeEntry& ours, const TreeEntry& theirs);

}  // namespace store
