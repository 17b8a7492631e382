#include "ops/permissions.h"

namespace store {

std::uint16_t recorded_mode(EntryKind kind, std::uint16_t mode, Permissions policy) {
  if (kind == EntryKind::symlink) return 0777;
  if (policy == Permissions::full) return mode & 07777;
  if (kind == EntryKind::directory) return 0755;
  if (is_regular(kind)) return (mode & 0100) != 0 ? 0755 : 0644;
  return 0644;
}

}  // namespace store
