#include "worktree/scan_entry.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/fd_name.h"
#include "base/path.h"
#include "base/shell_quote.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::uint16_t k_permission_bits = 07777;
constexpr std::uint16_t k_symlink_mode = 0777;

std::int64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

EntryKind kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return EntryKind::directory;
    case S_IFLNK:
      return EntryKind::symlink;
    case S_IFIFO:
      return EntryKind::fifo;
    case S_IFCHR:
      return EntryKind::char_device;
    case S_IFBLK:
      return EntryKind::block_device;
    case S_IFSOCK:
      return EntryKind::fifo;  // so that nobody who overlooks `socket` takes it for something to read
    default:
      return EntryKind::file;
  }
}

bool is_absence(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

/// How to open the outermost directory on the way to `path` that its owner, who we are, has closed to themselves; empty if it is not
/// for that that something is refused.
std::string way_in(int root_fd, std::string_view path) {
  for (std::size_t end = 0; end != path.npos; end = path.find('/', end + 1)) {
    const std::string directory(path.substr(0, end));
    const UniqueFd fd(open_beneath(root_fd, directory, O_PATH | O_DIRECTORY));
    struct stat info;
    if (!fd || ::fstat(fd.get(), &info) != 0) return {};
    if ((info.st_mode & S_IXUSR) != 0) continue;
    const std::string full = info.st_uid == ::geteuid() ? fd_name(fd.get()) : std::string();
    return full.starts_with('/') ? "chmod u+rwx " + shell_quoted(full) : std::string();
  }
  return {};
}

[[noreturn]] void refuse(int error, std::string_view call, int root_fd, std::string_view shown, std::string_view path) {
  try {
    throw_errno(error, call, escape_name(shown));
  } catch (Error& refused) {
    if (error == EACCES) refused.with_hint(way_in(root_fd, path));
    throw;
  }
}

}  // namespace

StatKey key_of_stat(const struct stat& info) {
  return {.size = static_cast<std::uint64_t>(info.st_size),
          .mtime_ns = nanoseconds(info.st_mtim),
          .ctime_ns = nanoseconds(info.st_ctim),
          .inode = info.st_ino,
          .device = info.st_dev};
}

ScanEntry entry_of_stat(std::string path, const struct stat& info) {
  ScanEntry entry;
  entry.path = std::move(path);
  entry.kind = kind_of(info.st_mode);
  entry.socket = S_ISSOCK(info.st_mode);
  entry.mode =
      S_ISLNK(info.st_mode) ? k_symlink_mode : static_cast<std::uint16_t>(info.st_mode & k_permission_bits);
  entry.stat = key_of_stat(info);
  if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode))
    entry.device_number = static_cast<std::uint64_t>(major(info.st_rdev)) << 32 | minor(info.st_rdev);
  entry.links = static_cast<std::uint32_t>(info.st_nlink);
  entry.uid = info.st_uid;
  entry.gid = info.st_gid;
  entry.blocks = static_cast<std::uint64_t>(info.st_blocks);
  return entry;
}

std::optional<ScanEntry> scan_one(int root_fd, const std::string& path) {
  const int parent = open_beneath(root_fd, std::string(parent_path(path)), O_PATH | O_DIRECTORY);
  if (is_absence(-parent)) return std::nullopt;
  if (parent < 0) refuse(-parent, "open", root_fd, parent_path(path), path);
  const UniqueFd owner(parent);
  const std::string name = path.empty() ? "." : std::string(base_name(path));
  struct stat info;
  if (::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0)
    return entry_of_stat(path, info);
  if (is_absence(errno)) return std::nullopt;
  refuse(errno, "stat", root_fd, path.empty() ? "." : path, path);
}

}  // namespace store
