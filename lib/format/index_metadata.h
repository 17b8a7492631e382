#pragma once

#include <optional>

#include "format/attributes.h"

namespace store {

/// Which attributes are wanted: `metadata.*` of the configuration.
struct MetadataSelection {
  bool times = false;
  bool owners = false;
  bool xattrs = false;  // all but access control lists
  bool acls = false;
  bool hardlinks = false;
  bool operator==(const MetadataSelection&) const = default;
  bool any() const { return times || owners || xattrs || acls || hardlinks; }
  std::uint8_t bits() const;
  /// True if nothing that `other` wants is missing here.
  bool covers(const MetadataSelection& other) const { return (other.bits() & ~bits()) == 0; }
};

/// What a restore could not give an entry. While the file on disk is still as it was left then, the recorded value counts and
/// not what the disk says.
struct Unapplied {
  bool owner = false;
  bool xattrs = false;
  bool acls = false;
  bool mode = false;
  bool link = false;
  std::uint32_t uid = 0;   // what the file has instead
  std::uint32_t gid = 0;
  std::uint16_t mode_found = 0;
  bool operator==(const Unapplied&) const = default;
  bool any() const { return owner || xattrs || acls || mode || link; }
};

/// The attributes of a path as the index holds them (IndexEntry::metadata).
struct IndexMetadata {
  MetadataSelection captured;       // what was looked at
  bool stale = false;               // the stat was refreshed since by somebody who did not look: capture again
  bool linked = false;              // more than one hard link, or a link that could not be made
  std::optional<Unapplied> unapplied;
  std::optional<std::uint64_t> policy;  // the root only: rules by which the attributes ids in the index were made
  Attributes attributes;            // `link` as of the last commit; neither `directory` nor `mode`
  bool operator==(const IndexMetadata&) const = default;
};

/// `linked` of encoded metadata.
bool is_linked(ByteView metadata);

Bytes encode_index_metadata(const IndexMetadata& metadata);
/// No bytes at all are no metadata. Error{corrupt} for anything encode_index_metadata does not write.
IndexMetadata decode_index_metadata(ByteView bytes);

inline constexpr std::string_view k_acl_access = "system.posix_acl_access";
inline constexpr std::string_view k_acl_default = "system.posix_acl_default";
inline bool is_acl(std::string_view xattr) { return xattr == k_acl_access || xattr == k_acl_default; }

}  // namespace store
