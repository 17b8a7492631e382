#include "repo/directory.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/error.h"
#include "base/fd.h"
#include "base/fd_name.h"
#include "base/path.h"
#include "base/text.h"

namespace store {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

std::vector<std::string> list_directory(int dirfd, const std::string& name) {
  std::optional<UniqueFd> fd = open_if_exists(dirfd, name, O_DIRECTORY);
  if (!fd) return {};
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd->get()));
  if (!directory) throw_errno(errno, "fdopendir", escape_name(name));
  (void)fd->release();  // the DIR owns it now
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const struct dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view found = entry->d_name;
    if (found != "." && found != "..") names.emplace_back(found);
  }
  if (const int value = errno; value != 0) throw_errno(value, "readdir", escape_name(name == "." ? fd_name(dirfd) : name));
  std::sort(names.begin(), names.end());
  return names;
}

void remove_leftovers(FileSystem& fs, int dirfd, const std::string& name) {
  const std::string directory(parent_path(name));
  const std::string prefix = std::string(base_name(name)) + ".tmp.";
  for (const std::string& found : list_directory(dirfd, directory.empty() ? "." : directory))
    if (found.starts_with(prefix)) unlink_if_exists(fs, dirfd, join_path(directory, found));
}

void unlink_if_exists(FileSystem& fs, int dirfd, const std::string& name) {
  try {
    fs.unlink({dirfd, name.c_str()});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
  }
}

bool is_linked_as(int fd, int dirfd, const std::string& name) {
  const struct stat open_file = stat_fd(fd, name);
  const std::optional<struct stat> named = stat_at(dirfd, name);
  return named && named->st_ino == open_file.st_ino && named->st_dev == open_file.st_dev;
}

}  // namespace store
