#include "base/file_system.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/fd_name.h"
#include "base/system_info.h"
#include "base/text.h"

namespace store {
namespace {

/// Throws for a refused call; returns its result otherwise. EINTR repeats it. `name()` is asked only for the error.
template <typename Call, typename Name>
auto retried(const char* what, Call call, Name name) {
  for (;;) {
    const auto result = call();
    if (result >= 0) return result;
    const int value = errno;
    if (value != EINTR) throw_errno(value, what, escape_name(name()));
  }
}

template <typename Call>
auto checked(const char* what, std::string_view name, Call call) {
  return retried(what, call, [&] { return name; });
}

/// By name. The folder itself is named by its path: "." may be the working tree or the repository.
template <typename Call>
auto checked(const char* what, At at, Call call) {
  return retried(what, call, [&] {
    const bool is_folder = at.dirfd >= 0 && std::string_view(at.name) == ".";
    return is_folder ? fd_name(at.dirfd) : std::string(at.name);
  });
}

/// By descriptor: its path is looked up only when it is needed.
template <typename Call>
auto checked_fd(const char* what, int fd, Call call) {
  return retried(what, call, [&] { return fd_name(fd); });
}

class PosixFileSystem final : public FileSystem {
 public:
  UniqueFd open(At at, int flags, mode_t mode) override {
    // Of regular files nothing is waited for; a fifo in the place of one would be. And what is written is never another file, which
    // a link in the place of one would name.
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    const int all = flags | O_CLOEXEC | O_NONBLOCK | (writes ? O_NOFOLLOW : 0);
    return UniqueFd(checked("open", at, [&] { return ::openat(at.dirfd, at.name, all, mode); }));
  }

  void pwrite(int fd, ByteView bytes, std::uint64_t offset) override {
    while (!bytes.empty()) {
      const ssize_t done = checked_fd("write", fd, [&] {
        return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      });
      if (done == 0) throw_errno(EIO, "write", fd_name(fd));  // never seen; without this it would loop
      bytes = bytes.subspan(static_cast<std::size_t>(done));
      offset += static_cast<std::uint64_t>(done);
    }
  }

  bool reserve(int fd, std::uint64_t offset, std::uint64_t length) override {
    return allocate(fd, FALLOC_FL_KEEP_SIZE, offset, length);
  }

  bool punch_hole(int fd, std::uint64_t offset, std::uint64_t length) override {
    return allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
  }

  void truncate(int fd, std::uint64_t size) override {
    checked_fd("ftruncate", fd, [&] { return ::ftruncate(fd, static_cast<off_t>(size)); });
  }

  void start_writeback(int fd, std::uint64_t offset, std::uint64_t length) override {
    ::sync_file_range(fd, static_cast<off_t>(offset), static_cast<off_t>(length), SYNC_FILE_RANGE_WRITE);
  }

  void fsync(int fd) override { sync_once("fsync", fd, ::fsync(fd)); }
  void fdatasync(int fd) override { sync_once("fdatasync", fd, ::fdatasync(fd)); }
  void syncfs(int fd) override { sync_once("syncfs", fd, ::syncfs(fd)); }

  void rename(At from, At to) override {
    checked("rename", to, [&] { return ::renameat(from.dirfd, from.name, to.dirfd, to.name); });
  }
  void rename_new(At from, At to) override {
    const long result = ::syscall(SYS_renameat2, from.dirfd, from.name, to.dirfd, to.name, RENAME_NOREPLACE);
    if (result == 0) return;
    if (errno != EINVAL && errno != ENOSYS) throw_errno(errno, "rename", escape_name(to.name));
    // File systems without the flag (NFS, some FUSE): a link refuses an existing name as well.
    if (::linkat(from.dirfd, from.name, to.dirfd, to.name, 0) == 0) return unlink(from);
    if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP) throw_errno(errno, "link", escape_name(to.name));
    // Those without links either (FAT through FUSE): nobody can do better than look first.
    struct stat info;
    if (::fstatat(to.dirfd, to.name, &info, AT_SYMLINK_NOFOLLOW) == 0) throw_errno(EEXIST, "rename", escape_name(to.name));
    rename(from, to);
  }
  void link(At from, At to) override {
    checked("link", to, [&] { return ::linkat(from.dirfd, from.name, to.dirfd, to.name, 0); });
  }
  void unlink(At at) override {
    checked("unlink", at, [&] { return ::unlinkat(at.dirfd, at.name, 0); });
  }
  void mkdir(At at, mode_t mode) override {
    checked("mkdir", at, [&] { return ::mkdirat(at.dirfd, at.name, mode); });
  }
  void rmdir(At at) override {
    checked("rmdir", at, [&] { return ::unlinkat(at.dirfd, at.name, AT_REMOVEDIR); });
  }
  void symlink(const char* target, At at) override {
    checked("symlink", at, [&] { return ::symlinkat(target, at.dirfd, at.name); });
  }
  void mknod(At at, mode_t mode, dev_t device) override {
    checked("mknod", at, [&] { return ::mknodat(at.dirfd, at.name, mode, device); });
  }
  void chmod(int fd, mode_t mode) override {
    checked_fd("chmod", fd, [&] { return ::fchmod(fd, mode); });
  }
  void chmod_at(At at, mode_t mode) override {
    // No fchmodat2 before Linux 6.6; /proc makes the no-follow form from an O_PATH descriptor.
    const UniqueFd fd(checked("open", at,
                              [&] { return ::openat(at.dirfd, at.name, O_PATH | O_NOFOLLOW | O_CLOEXEC); }));
    const std::string path = fmt::format("/proc/self/fd/{}", fd.get());
    checked("chmod", at, [&] { return ::chmod(path.c_str(), mode); });
  }
  void chown_at(At at, uid_t uid, gid_t gid) override {
    checked("chown", at, [&] { return ::fchownat(at.dirfd, at.name, uid, gid, AT_SYMLINK_NOFOLLOW); });
  }
  void set_times_at(At at, const struct timespec times[2]) override {
    checked("utimens", at, [&] { return ::utimensat(at.dirfd, at.name, times, AT_SYMLINK_NOFOLLOW); });
  }
  void set_xattr(int fd, const char* name, ByteView value) override {
    checked("setxattr", name, [&] { return ::fsetxattr(fd, name, value.data(), value.size(), 0); });
  }
  // No setxattrat before Linux 6.13; the last component of such a path is not followed.
  void set_xattr_at(At at, const char* name, ByteView value) override {
    const std::string path = fmt::format("/proc/self/fd/{}/{}", at.dirfd, at.name);
    checked("setxattr", name, [&] { return ::lsetxattr(path.c_str(), name, value.data(), value.size(), 0); });
  }
  void remove_xattr_at(At at, const char* name) override {
    const std::string path = fmt::format("/proc/self/fd/{}/{}", at.dirfd, at.name);
    checked("removexattr", name, [&] { return ::lremovexattr(path.c_str(), name); });
  }

 private:
  static bool allocate(int fd, int mode, std::uint64_t offset, std::uint64_t length) {
    if (length == 0) return true;
    for (;;) {
      if (::fallocate(fd, mode, static_cast<off_t>(offset), static_cast<off_t>(length)) == 0) return true;
      if (errno == EOPNOTSUPP || errno == ENOSYS) return false;
      if (const int value = errno; value != EINTR) throw_errno(value, "fallocate", escape_name(fd_name(fd)));
    }
  }

  /// Not repeated on any error: after a failed sync the data may be gone and a second call says success.
  static void sync_once(const char* call, int fd, int result) {
    const int value = errno;
    if (result != 0) throw_errno(value, call, escape_name(fd_name(fd)));
  }
};

/// For the way out of a failure, whose own error is the one to report.
void remove_quietly(FileSystem& fs, At at) {
  try {
    fs.unlink(at);
  } catch (const Error&) {
  }
}

}  // namespace

FileSystem& posix_file_system() {
  static PosixFileSystem instance;
  return instance;
}

void replace_file(FileSystem& fs, int dirfd, const std::string& name, ByteView content, SyncDirectory sync,
                  mode_t mode) {
  // Random, not pid and counter: both come again after a crash in a container, and then O_EXCL would refuse
  // for ever.
  const std::string temporary = fmt::format("{}.tmp.{}", name, random_hex(16));
  UniqueFd fd = fs.open({dirfd, temporary.c_str()}, O_WRONLY | O_CREAT | O_EXCL, mode);
  try {
    fs.pwrite(fd.get(), content, 0);
    fs.fsync(fd.get());
    fd.reset();
    fs.rename({dirfd, temporary.c_str()}, {dirfd, name.c_str()});
  } catch (...) {
    remove_quietly(fs, {dirfd, temporary.c_str()});
    throw;
  }
  if (sync == SyncDirectory::yes) {
    const std::size_t slash = name.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : name.substr(0, slash);
    sync_directory(fs, {dirfd, parent.c_str()});
  }
}

void sync_directory(FileSystem& fs, At at) {
  const UniqueFd fd = fs.open(at, O_RDONLY | O_DIRECTORY);
  fs.fsync(fd.get());
}

}  // namespace store
