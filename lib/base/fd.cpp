#include "base/fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace store {
namespace {

/// Runs a call that returns -1 on error until it is not interrupted.
template <typename Call>
auto retry(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) reset(other.release());
  return *this;
}

int UniqueFd::release() { return std::exchange(fd_, -1); }

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

UniqueFd open_readonly(int dirfd, const std::string& name, int extra_flags) {
  const int fd = retry([&] { return ::openat(dirfd, name.c_str(), O_RDONLY | O_CLOEXEC | extra_flags); });
  if (fd < 0) throw_errno(errno, "open", escape_name(name));
  return UniqueFd(fd);
}

std::optional<UniqueFd> open_if_exists(int dirfd, const std::string& name, int extra_flags) {
  const int fd = retry([&] { return ::openat(dirfd, name.c_str(), O_RDONLY | O_CLOEXEC | extra_flags); });
  if (fd >= 0) return UniqueFd(fd);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno(errno, "open", escape_name(name));
}

std::size_t pread_full(int fd, MutableByteView out, std::uint64_t offset, std::string_view name) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = retry(
        [&] { return ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done)); });
    if (got < 0) throw_errno(errno, "read", escape_name(name));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::size_t read_full(int fd, MutableByteView out, std::string_view name) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = retry([&] { return ::read(fd, out.data() + done, out.size() - done); });
    if (got < 0) throw_errno(errno, "read", escape_name(name));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::optional<Bytes> read_file(int dirfd, const std::string& name, std::uint64_t limit) {
  const std::optional<UniqueFd> fd = open_if_exists(dirfd, name);
  if (!fd) return std::nullopt;
  const struct stat info = stat_fd(fd->get(), name);
  if (static_cast<std::uint64_t>(info.st_size) > limit)
    throw_corrupt(fmt::format("{}: size {} exceeds limit {}", escape_name(name), info.st_size, limit));
  Bytes content(static_cast<std::size_t>(info.st_size));
  content.resize(pread_full(fd->get(), content, 0, name));
  return content;
}

struct stat stat_fd(int fd, std::string_view name) {
  struct stat info;
  if (::fstat(fd, &info) != 0) throw_errno(errno, "fstat", escape_name(name));
  return info;
}

std::optional<struct stat> stat_at(int dirfd, const std::string& name) {
  struct stat info;
  if (::fstatat(dirfd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) return info;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno(errno, "stat", escape_name(name));
}

MappedFile::MappedFile(int fd, std::size_t size, std::string_view name) : size_(size) {
  if (size == 0) return;
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) throw_errno(errno, "mmap", escape_name(name));
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace store
