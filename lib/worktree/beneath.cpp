#include "worktree/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>

#include "base/fd.h"
#include "worktree/scanner.h"

namespace store {
namespace {

/// What one system call can take; longer paths are opened in stretches.
constexpr std::size_t k_max_stretch = PATH_MAX - 1;

/// ".." never: a tree has no such name, and the two ways of opening would differ on it.
bool leaves_the_tree(std::string_view path) {
  if (path.starts_with('/')) return true;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin) == "..") return true;
    begin = end + 1;
  }
  return false;
}

int open_component(int directory_fd, const std::string& name, int flags, mode_t mode) {
  for (;;) {
    const int fd = ::openat(directory_fd, name.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) return fd;
    if (errno != EINTR) return -errno;
  }
}

/// One openat2 for at most k_max_stretch bytes.
int open_stretch(int directory_fd, const std::string& path, int flags, mode_t mode) {
  struct open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, directory_fd, path.c_str(), &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno != EINTR && errno != EAGAIN) return -errno;  // EAGAIN: a rename raced with the look-up
  }
}

/// Walks `path` in pieces that `length_of` measures from the start of what is left; `open` opens one piece.
template <typename LengthOf, typename Open>
int open_in_pieces(int root_fd, std::string_view path, LengthOf length_of, Open open) {
  UniqueFd directory;
  int at = root_fd;
  for (;;) {
    const std::size_t length = length_of(path);
    const bool last = length >= path.size();
    const int fd = open(at, std::string(path.substr(0, length)), last);
    if (last || fd < 0) return fd;
    directory.reset(fd);
    at = fd;
    path.remove_prefix(length + 1);
  }
}

bool is_symlink(int fd) {
  struct stat info;
  return ::fstat(fd, &info) == 0 && S_ISLNK(info.st_mode);
}

}  // namespace

int open_by_component(int root_fd, const std::string& path, int flags, mode_t mode) {
  if (leaves_the_tree(path)) return -EXDEV;
  if (path.empty()) return open_component(root_fd, ".", flags, mode);
  const auto length_of = [](std::string_view rest) { return std::min(rest.find('/'), rest.size()); };
  return open_in_pieces(root_fd, path, length_of, [&](int at, const std::string& name, bool last) {
    if (!last) return open_component(at, name.empty() ? "." : name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    const int fd = open_component(at, name, flags | O_NOFOLLOW, mode);
    // O_PATH with O_NOFOLLOW opens the link itself: only right for a caller who asked for exactly that.
    if (fd < 0 || (flags & O_PATH) == 0 || (flags & O_NOFOLLOW) != 0 || !is_symlink(fd)) return fd;
    ::close(fd);
    return -ELOOP;
  });
}

int open_beneath(int root_fd, const std::string& path, int flags, mode_t mode) {
  static std::atomic<bool> refused{false};  // by an old kernel or a seccomp filter: for the whole process
  if (refused.load(std::memory_order_relaxed)) return open_by_component(root_fd, path, flags, mode);
  if (leaves_the_tree(path)) return -EXDEV;
  const auto length_of = [](std::string_view rest) {
    return rest.size() <= k_max_stretch ? rest.size() : rest.rfind('/', k_max_stretch);
  };
  const int fd = open_in_pieces(root_fd, path.empty() ? "." : path, length_of,
                                [&](int at, const std::string& stretch, bool last) {
                                  return last ? open_stretch(at, stretch, flags, mode)
                                              : open_stretch(at, stretch, O_PATH | O_DIRECTORY, 0);
                                });
  if (fd != -ENOSYS && fd != -EPERM) return fd;
  if (fd == -ENOSYS) refused.store(true, std::memory_order_relaxed);
  return open_by_component(root_fd, path, flags, mode);  // a true EPERM comes again
}

}  // namespace store
