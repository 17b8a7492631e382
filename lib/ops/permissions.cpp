#include "ops/permissions.h"

#include "format/index_metadata.h"

namespace store {

std::uint16_t recorded_mode(EntryKind kind, std::uint16_t mode, Permissions policy) {
  if (kind == EntryKind::symlink) return 0777;
  if (policy == Permissions::full) return mode & 07777;
  if (kind == EntryKind::directory) return 0755;
  if (is_regular(kind)) return (mode & 0100) != 0 ? 0755 : 0644;
  return 0644;
}

std::uint16_t mode_of(const ScanEntry& found, const IndexEntry* tracked, Permissions policy) {
  const std::uint16_t mode = recorded_mode(found.kind, found.mode, policy);
  if (tracked == nullptr || mode == tracked->mode || tracked->metadata.empty()) return mode;
  // What could not be given to a directory says nothing of a link in its place.
  const bool same = tracked->kind == found.kind || (is_regular(tracked->kind) && is_regular(found.kind));
  if (!same) return mode;
  const std::optional<Unapplied> unapplied = decode_index_metadata(tracked->metadata).unapplied;
  return unapplied && unapplied->mode && unapplied->mode_found == found.mode ? tracked->mode : mode;
}

}  // namespace store
