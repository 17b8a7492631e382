#include "worktree/apply.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "worktree/owner_names.h"
#include "worktree/target.h"

namespace store {
namespace {

constexpr mode_t k_permission_bits = 07777;
constexpr std::uint16_t k_setuid = 04000;
constexpr std::uint16_t k_setgid = 02000;
constexpr std::uint16_t k_set_bits = 07000;
constexpr std::uint16_t k_group_bits = 0070;
constexpr std::uint16_t k_bits_of_others = 0007;
constexpr std::uint16_t k_owner_writes = 0200;
constexpr fsblkcnt_t k_blocks_of_one_value = 256;  // 64 KiB, in blocks of 512 bytes and twice that for what leads there

class Application {
 public:
  Application(FileSystem& fs, const FilePlace& file, const WantedAttributes& wanted, bool privileged)
      : fs_(fs), file_(file), wanted_(wanted), privileged_(privileged) {}

  ApplyResult run() {
    info_ = look();
    set_owner();
    const XattrChanges changes = xattr_changes(file_, wanted_, privileged_);
    if (changes.any()) allow_writing();
    for (const RawXattr* xattr : changes.set)
      if (!is_acl(xattr->name) && !needs_root(xattr->name)) set_xattr(*xattr);
    remove_xattrs(changes, false);
    set_mode();
    remove_xattrs(changes, true);
    for (const RawXattr& xattr : wanted_.xattrs)  // a change of mode may have changed those that were right
      if (is_acl(xattr.name)) set_xattr(xattr);
    for (const RawXattr* xattr : changes.set)
      if (needs_root(xattr->name)) set_privileged(*xattr);
    set_times();
    return std::move(result_);
  }

 private:
  At at() const { return {file_.directory_fd, file_.name.c_str()}; }

  struct stat look() const {
    if (file_.fd >= 0) return stat_fd(file_.fd, file_.name);
    const std::optional<struct stat> info = stat_at(file_.directory_fd, file_.name);
    if (!info) throw_errno(ENOENT, "stat", file_.name);
    return *info;
  }

  /// True if the step was carried out. A file system that has no such thing is no error.
  template <typename Step>
  bool attempt(std::initializer_list<int> not_here, Step step) {
    try {
      step();
      return true;
    } catch (const Error& error) {
      const bool no_place = std::find(not_here.begin(), not_here.end(), error.errno_value()) != not_here.end();
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::bug) throw;
      if (error.kind() == ErrorKind::no_space && !(no_place && has_free_space())) throw;
      if (!no_place) result_.errors.push_back(error.message());
      return false;
    }
  }

  /// Otherwise what does not fit has no place in its inode, or in the block beside it.
  bool has_free_space() const {
    struct statvfs info;
    return ::fstatvfs(file_.directory_fd, &info) == 0 && info.f_bavail > k_blocks_of_one_value && info.f_favail > 0;
  }

  OwnerIds actual_owner() const { return {info_.st_uid, info_.st_gid}; }

  void set_owner() {
    if (!wanted_.owner) return;
    const OwnerIds ids = ids_of(*wanted_.owner);
    if (ids == actual_owner()) return;
    // To root, EPERM and EINVAL mean that there are no such owners here: vfat, ids that are not mapped.
    const bool done = privileged_ && attempt({EPERM, EINVAL, EOPNOTSUPP, ENOSYS},
                                             [&] { fs_.chown_at(at(), ids.uid, ids.gid); });
    result_.owner = !done;
    if (done) info_ = look();
  }

  void set_xattr(const RawXattr& xattr) {
    const bool done = attempt({EOPNOTSUPP, ENOSYS, ENOSPC, E2BIG}, [&] {
      if (file_.fd >= 0) fs_.set_xattr(file_.fd, xattr.name.c_str(), xattr.value);
      else fs_.set_xattr_at(at(), xattr.name.c_str(), xattr.value);
    });
    if (!done) ++(is_acl(xattr.name) ? result_.acls : result_.xattrs);
  }

  void set_privileged(const RawXattr& xattr) {
    if (privileged_) set_xattr(xattr);
    else ++result_.xattrs;
  }

  void set_mode() {
    if (wanted_.kind == EntryKind::symlink) return;
    std::uint16_t mode = wanted_.mode;
    if (!privileged_ && wanted_.owner) mode = without_foreign_setid(mode, ids_of(*wanted_.owner), actual_owner());
    result_.setid = mode != wanted_.mode;
    if ((info_.st_mode & k_permission_bits) != mode) {
      attempt({EPERM, EOPNOTSUPP, ENOSYS}, [&] {
        if (file_.fd >= 0) fs_.chmod(file_.fd, mode);
        else fs_.chmod_at(at(), mode);
      });
      info_ = look();
    }
    result_.mode = !result_.setid && (info_.st_mode & k_permission_bits) != wanted_.mode;
  }

  /// Without that even its owner may not change a file's user.*; set_mode() makes it right again.
  void allow_writing() {
    const bool applies = wanted_.kind == EntryKind::directory || is_regular(wanted_.kind);
    if (privileged_ || !applies || (info_.st_mode & k_owner_writes) != 0) return;
    attempt({EPERM, EOPNOTSUPP, ENOSYS}, [&] { fs_.chmod_at(at(), (info_.st_mode & k_permission_bits) | k_owner_writes); });
    info_ = look();
  }

  /// A directory with a default list gives one to what is made in it; the bits of its mode are a mask then.
  void remove_xattrs(const XattrChanges& changes, bool acls) {
    for (const std::string& name : changes.remove)
      if (is_acl(name) == acls) attempt({ENODATA, EOPNOTSUPP}, [&] { fs_.remove_xattr_at(at(), name.c_str()); });
  }

  void set_times() {
    if (!wanted_.mtime) return;
    const struct timespec mtime = {static_cast<time_t>(wanted_.mtime->seconds), static_cast<long>(wanted_.mtime->nanoseconds)};
    const struct timespec times[2] = {{0, UTIME_OMIT}, mtime};
    attempt({}, [&] { fs_.set_times_at(at(), times); });
  }

  FileSystem& fs_;
  const FilePlace& file_;
  const WantedAttributes& wanted_;
  bool privileged_;
  struct stat info_ = {};
  ApplyResult result_;
};

}  // namespace

OwnerIds ids_of(const Attributes::Owner& owner) {
  return {owner_names().uid_of(owner.user).value_or(owner.uid), owner_names().gid_of(owner.group).value_or(owner.gid)};
}

std::uint16_t without_foreign_setid(std::uint16_t mode, const OwnerIds& recorded, const OwnerIds& actual) {
  if (recorded.uid != actual.uid) mode &= static_cast<std::uint16_t>(~(k_setuid | k_setgid));
  if (recorded.gid != actual.gid) mode &= static_cast<std::uint16_t>(~k_setgid);
  return mode;
}

XattrChanges xattr_changes(const FilePlace& file, const WantedAttributes& wanted, bool privileged) {
  const auto may_go = [&](const std::string& name) {
    return is_acl(name) || name.starts_with("user.") ||
           (privileged && (name.starts_with("trusted.") || name == "security.capability"));
  };
  XattrChanges changes;
  for (const RawXattr& xattr : wanted.xattrs) changes.set.push_back(&xattr);
  const MetadataSelection looked_at{.xattrs = wanted.complete.xattrs || !wanted.xattrs.empty(),
                                    .acls = wanted.complete.acls || !wanted.xattrs.empty()};
  for (const RawXattr& present : read_xattrs(file, looked_at)) {
    const auto same_name = [&](const RawXattr* xattr) { return xattr->name == present.name; };
    const auto found = std::find_if(changes.set.begin(), changes.set.end(), same_name);
    if (found != changes.set.end()) {
      if ((*found)->value == present.value) changes.set.erase(found);
    } else if ((is_acl(present.name) ? wanted.complete.acls : wanted.complete.xattrs) && may_go(present.name)) {
      changes.remove.push_back(present.name);
    }
  }
  return changes;
}

std::uint16_t initial_mode(const WantedAttributes& wanted) {
  const bool same_for_all = (wanted.mode & k_group_bits) >> 3 == (wanted.mode & k_bits_of_others);
  const bool at_once = same_for_all && (wanted.mode & k_set_bits) == 0 && wanted.xattrs.empty();
  return at_once ? wanted.mode : k_unfinished_file_mode;
}

ApplyResult apply_attributes(FileSystem& fs, const FilePlace& file, const WantedAttributes& wanted, bool privileged) {
  return Application(fs, file, wanted, privileged).run();
}

}  // namespace store
