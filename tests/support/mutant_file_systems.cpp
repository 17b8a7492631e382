#include "support/mutant_file_systems.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>


namespace store::test {

bool is_open_as(int fd, std::string_view end_of_path) {
  char path[PATH_MAX];
  const ssize_t length = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path, sizeof path);
  return length > 0 && std::string_view(path, static_cast<std::size_t>(length)).ends_with(end_of_path);
}

bool is_directory(int fd) {
  struct stat info;
  return ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
}

void LateSync::sync(int fd) {
  if (late_(fd)) {
    waiting_.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    return;
  }
  next_.fsync(fd);
  if (!until_(fd)) return;
  for (const UniqueFd& late : waiting_) next_.fsync(late.get());
  waiting_.clear();
}

UniqueFd FinalName::open(At at, int flags, mode_t mode) {
  const std::string name = at.name;
  const std::size_t cut = name.find(temporary_);
  if (cut == std::string::npos || (flags & O_CREAT) == 0) return next_.open(at, flags, mode);
  const std::string final_name = name.substr(0, cut);
  return next_.open({at.dirfd, final_name.c_str()}, (flags & ~O_EXCL) | O_TRUNC, mode);
}

void FinalName::rename(At from, At to) {
  if (std::string_view(from.name).find(temporary_) == std::string_view::npos) next_.rename(from, to);
}

void FinalName::unlink(At at) {
  if (std::string_view(at.name).find(temporary_) == std::string_view::npos) next_.unlink(at);
}

void RefInPlace::rename(At from, At to) {
  if (std::string_view(from.name).find("/.new-") == std::string_view::npos) return next_.rename(from, to);
  const UniqueFd source = open_readonly(from.dirfd, from.name);
  Bytes bytes(1024);
  bytes.resize(pread_full(source.get(), bytes, 0, from.name));
  const UniqueFd target = next_.open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  next_.pwrite(target.get(), bytes, 0);
  next_.fsync(target.get());
  next_.unlink(from);
}

void SkipExisting::rename(At from, At to) {
  if (::faccessat(to.dirfd, to.name, F_OK, AT_SYMLINK_NOFOLLOW) != 0 || std::string_view(to.name).find(".pack") == std::string_view::npos)
    return next_.rename(from, to);
  next_.unlink(from);
}

}  // namespace store::test
