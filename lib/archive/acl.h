#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace store {

/// One line of a POSIX.1e access control list, as the kernel numbers it (linux/posix_acl_xattr.h).
struct AclEntry {
  enum class Tag : std::uint16_t { owner = 0x01, user = 0x02, owning_group = 0x04, group = 0x08, mask = 0x10, other = 0x20 };
  Tag tag = Tag::owner;
  std::uint16_t permissions = 0;  // rwx as 4, 2, 1
  std::uint32_t id = 0;           // of `user` and `group` only
  bool operator==(const AclEntry&) const = default;
};
using Acl = std::vector<AclEntry>;

/// The value of the kernel's extended attribute; sorts the entries as the kernel wants them.
Bytes encode_acl(Acl acl);
/// Nothing for bytes that are no such value.
std::optional<Acl> decode_acl(ByteView value);

/// "user::rw-,user:1000:r--,group::r--,mask::r--,other::---": what acl_from_text(3) and every tar program read. Ids are numbers, so
/// that the text depends on the list alone.
std::string acl_text(const Acl& acl);

}  // namespace store
