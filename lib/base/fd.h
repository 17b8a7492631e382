#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>
#include <string>

#include "base/bytes.h"

namespace store {

/// Owns a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// Reading calls; all retry EINTR and throw Error naming `name` on refusal.
UniqueFd open_readonly(int dirfd, const std::string& name, int extra_flags = 0);
/// Like open_readonly, but nothing if the name does not exist. A fifo in the place of a file is opened, not waited for.
std::optional<UniqueFd> open_if_exists(int dirfd, const std::string& name, int extra_flags = O_NONBLOCK);
/// Reads up to `out.size()` bytes at `offset`; fewer only at the end of the file.
std::size_t pread_full(int fd, MutableByteView out, std::uint64_t offset, std::string_view name);
/// Reads up to `out.size()` bytes from a stream; fewer only at its end.
std::size_t read_full(int fd, MutableByteView out, std::string_view name);
/// The whole file; Error{corrupt} if larger than `limit`. Nothing if the name does not exist.
std::optional<Bytes> read_file(int dirfd, const std::string& name, std::uint64_t limit);
struct stat stat_fd(int fd, std::string_view name);
/// fstatat without following symlinks; nothing if the name does not exist.
std::optional<struct stat> stat_at(int dirfd, const std::string& name);

/// A read-only shared mapping of a whole file that nobody shortens (packs' tables, index.base).
class MappedFile {
 public:
  MappedFile() = default;
  /// Maps `size` bytes from the start; size 0 maps nothing.
  MappedFile(int fd, std::size_t size, std::string_view name);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  ByteView view() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace store
