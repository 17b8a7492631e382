#pragma once

#include <optional>
#include <vector>

#include "base/file_system.h"
#include "worktree/scanner.h"
#include "worktree/xattrs.h"

namespace store {

/// What a restored entry is to look like beside its content.
struct WantedAttributes {
  EntryKind kind = EntryKind::file;
  std::uint16_t mode = 0;
  std::optional<Attributes::Time> mtime;
  std::optional<Attributes::Owner> owner;
  std::vector<RawXattr> xattrs;  // access control lists too
  /// Whether `xattrs` says all there is to say of access control lists, and of other extended attributes: then what a file has
  /// beside these goes.
  MetadataSelection complete = {};
};

/// What of extended attributes and access control lists has to change for a file to have those that are wanted. Labels that the
/// system gives (security.*, but for capabilities) are left alone, and so is what only root may remove, unless `privileged`.
struct XattrChanges {
  std::vector<const RawXattr*> set;  // of WantedAttributes::xattrs
  std::vector<std::string> remove;
  bool any() const { return !set.empty() || !remove.empty(); }
};
XattrChanges xattr_changes(const FilePlace& file, const WantedAttributes& wanted, bool privileged);

/// What could not be given to it.
struct ApplyResult {
  bool owner = false;
  bool setid = false;
  bool mode = false;             // the file system keeps another one, which is not for want of `setid`
  std::uint64_t xattrs = 0;
  std::uint64_t acls = 0;
  std::vector<std::string> errors;  // of what was attempted and refused
};

/// Gives a file its owner, extended attributes, mode and times, in this order: a new owner clears set-id bits and capabilities, an
/// extended attribute needs a mode that allows its owner writing, and times are changed by all of it. `privileged`: root, who attempts
/// everything; others do not attempt what needs root: foreign owners, security.* and trusted.*, set-id bits of a foreign owner.
/// What the file system has no place for is in the result, and no error. Never through links. Any thread.
ApplyResult apply_attributes(FileSystem& fs, const FilePlace& file, const WantedAttributes& wanted, bool privileged);

/// The mode to make a file with before it gets these: its own, if nobody could do more with the file meanwhile than in the end (its
/// group may still change, and lists and labels that shut somebody out come at the end), else that of a file for its owner alone.
std::uint16_t initial_mode(const WantedAttributes& wanted);

/// The ids that an owner has on this machine: those of its names where they are known here, else its numbers.
struct OwnerIds {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool operator==(const OwnerIds&) const = default;
};
OwnerIds ids_of(const Attributes::Owner& owner);

/// The mode without set-id bits that would come to belong to somebody else; the owner as recorded and as it is.
std::uint16_t without_foreign_setid(std::uint16_t mode, const OwnerIds& recorded, const OwnerIds& actual);

}  // namespace store
