#include "ops/merge_decision.h"

namespace store {
namespace {

bool is_directory(const TreeEntry* entry) { return entry != nullptr && entry->kind == EntryKind::directory; }

bool same_content(const TreeEntry& a, const TreeEntry& b) {
  return a.kind == b.kind && a.id == b.id && a.size == b.size;
}

bool same(const TreeEntry* a, const TreeEntry* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return same_content(*a, *b) && a->mode == b->mode;
}

bool same_type(const TreeEntry& a, const TreeEntry& b) {
  return a.kind == b.kind || (is_regular(a.kind) && is_regular(b.kind));
}

/// A directory on one side only, and both sides changed.
MergeDecision with_one_directory(const TreeEntry* base, const TreeEntry* ours, const TreeEntry* theirs) {
  const bool our_directory = is_directory(ours);
  const TreeEntry* other = our_directory ? theirs : ours;
  if (other == nullptr && is_directory(base)) return {MergeTake::directories};
  if (other == nullptr) return {our_directory ? MergeTake::ours : MergeTake::theirs};
  return {our_directory ? MergeTake::our_directory : MergeTake::their_directory, MergeConflict::file_directory};
}

/// Two files of one type, neither of which is the base.
MergeDecision combine(const TreeEntry& base, const TreeEntry& ours, const TreeEntry& theirs) {
  constexpr MergeDecision k_conflict{MergeTake::ours, MergeConflict::both_modified};
  const bool our_mode_wins = theirs.mode == base.mode || theirs.mode == ours.mode;
  if (!our_mode_wins && ours.mode != base.mode) return k_conflict;
  const bool our_content_wins = same_content(theirs, base) || same_content(theirs, ours);
  if (!our_content_wins && !same_content(ours, base)) return k_conflict;
  if (our_content_wins) return {our_mode_wins ? MergeTake::ours : MergeTake::our_content_their_mode};
  return {our_mode_wins ? MergeTake::their_content_our_mode : MergeTake::theirs};
}

}  // namespace

MergeDecision decide_merge(const TreeEntry* base, const TreeEntry* ours, const TreeEntry* theirs) {
  if (same(ours, theirs) || same(base, theirs)) return {MergeTake::ours};
  if (same(base, ours)) return {MergeTake::theirs};
  if (is_directory(ours) && is_directory(theirs)) return {MergeTake::directories};
  if (is_directory(ours) || is_directory(theirs)) return with_one_directory(base, ours, theirs);
  const bool base_is_file = base != nullptr && !is_directory(base);
  if (ours == nullptr)
    return {MergeTake::theirs, base_is_file ? MergeConflict::deleted_by_us : MergeConflict::none};
  if (theirs == nullptr)
    return {MergeTake::ours, base_is_file ? MergeConflict::deleted_by_them : MergeConflict::none};
  if (!base_is_file) return {MergeTake::ours, MergeConflict::both_added};
  if (!same_type(*ours, *theirs) || !same_type(*base, *ours)) return {MergeTake::ours, MergeConflict::both_modified};
  return combine(*base, *ours, *theirs);
}

std::uint16_t merged_mode(const TreeEntry* base, const TreeEntry& ours, const TreeEntry& theirs) {
  return is_directory(base) && ours.mode == base->mode ? theirs.mode : ours.mode;
}

}  // namespace store
