#pragma once

#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/mutex.h"

namespace store::test {

/// The kinds of calls of a FileSystem, named as its functions.
enum class FileCall {
  open,
  pwrite,
  reserve,
  punch_hole,
  truncate,
  start_writeback,
  fsync,
  fdatasync,
  syncfs,
  rename,
  rename_new,
  link,
  unlink,
  mkdir,
  rmdir,
  symlink,
  mknod,
  chmod,
  chmod_at,
  chown_at,
  set_times_at,
  set_xattr,
  set_xattr_at,
  remove_xattr_at,
};
inline constexpr int k_file_calls = static_cast<int>(FileCall::remove_xattr_at) + 1;
std::string_view name_of(FileCall call);

enum class FaultLasts { once, forever };
/// `fail` throws as a refused call does; `kill` ends the process with SIGKILL (for forked children).
enum class FaultAction { fail, kill };

/// Which call goes wrong and how. Without `call` every kind counts.
struct Fault {
  std::optional<FileCall> call = {};
  std::uint64_t nth = 1;  // the first is 1, counted from arm()
  int error = EIO;
  FaultLasts lasts = FaultLasts::once;
  FaultAction action = FaultAction::fail;
  /// A pwrite that goes wrong first writes this many of its bytes: a torn write.
  std::size_t bytes_before = 0;
};

/// Passes every call on to another FileSystem, counts it, and fails the one that a test asks for.
/// Loops of crash tests: arm nth = 1, 2, 3 … until faults() stays 0. Thread rule: any thread, any time.
class FaultFileSystem final : public FileSystem {
 public:
  explicit FaultFileSystem(FileSystem& next = posix_file_system()) : next_(next) {}

  void arm(const Fault& fault);
  void disarm();
  /// Calls of one kind and of all kinds since the start, refused ones included.
  std::uint64_t count(FileCall call) const;
  std::uint64_t total() const;
  /// Bytes given to pwrite since the start.
  std::uint64_t bytes_written() const;
  /// Calls made to fail since the last arm().
  std::uint64_t faults() const;
  /// What they were about, in order: the name given, or the path behind the descriptor.
  std::vector<std::string> refused() const;

  UniqueFd open(At at, int flags, mode_t mode) override;
  void pwrite(int fd, ByteView bytes, std::uint64_t offset) override;
  bool reserve(int fd, std::uint64_t offset, std::uint64_t length) override;
  bool punch_hole(int fd, std::uint64_t offset, std::uint64_t length) override;
  void truncate(int fd, std::uint64_t size) override;
  void start_writeback(int fd, std::uint64_t offset, std::uint64_t length) override;
  void fsync(int fd) override;
  void fdatasync(int fd) override;
  void syncfs(int fd) override;
  void rename(At from, At to) override;
  void rename_new(At from, At to) override;
  void link(At from, At to) override;
  void unlink(At at) override;
  void mkdir(At at, mode_t mode) override;
  void rmdir(At at) override;
  void symlink(const char* target, At at) override;
  void mknod(At at, mode_t mode, dev_t device) override;
  void chmod(int fd, mode_t mode) override;
  void chmod_at(At at, mode_t mode) override;
  void chown_at(At at, uid_t uid, gid_t gid) override;
  void set_times_at(At at, const struct timespec times[2]) override;
  void set_xattr(int fd, const char* name, ByteView value) override;
  void set_xattr_at(At at, const char* name, ByteView value) override;
  void remove_xattr_at(At at, const char* name) override;

 private:
  /// Counts the call; the fault if it is to go wrong.
  std::optional<Fault> note(FileCall call);
  /// note(), and the fault carried out.
  void enter(FileCall call, std::string_view name);
  [[noreturn]] void refuse(const Fault& fault, FileCall call, std::string_view name);

  FileSystem& next_;
  mutable Mutex mutex_;
  std::map<FileCall, std::uint64_t> counts_ STORE_GUARDED_BY(mutex_);
  std::optional<Fault> fault_ STORE_GUARDED_BY(mutex_);
  std::uint64_t matched_ STORE_GUARDED_BY(mutex_) = 0;
  std::uint64_t faults_ STORE_GUARDED_BY(mutex_) = 0;
  std::uint64_t bytes_written_ STORE_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> refused_ STORE_GUARDED_BY(mutex_);
};

}  // namespace store::test
