// The one door to durable state: every system call that creates, changes, renames, syncs or removes a file
// of a repository or a work tree goes through FileSystem, so that tests can record, fail or reorder them.
// Reading does not: readers use plain pread, mmap and statx. docs/durability.md numbers the orders used.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string>

#include "base/bytes.h"
#include "base/fd.h"

namespace store {

/// A file name and the directory descriptor it is relative to (AT_FDCWD for the current directory).
struct At {
  int dirfd;
  const char* name;
};

/// All functions throw Error on refusal (kind by errno, message "NAME: CALL: reason"), never return an error.
/// EINTR is retried, short writes are continued. Thread rule: any thread, any time.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// openat(2) with O_CLOEXEC added. Use it for every descriptor that will be written to or locked.
  virtual UniqueFd open(At at, int flags, mode_t mode = 0666) = 0;
  /// Writes all bytes at `offset`.
  virtual void pwrite(int fd, ByteView bytes, std::uint64_t offset) = 0;
  /// Reserves space beyond the end without changing the size (FALLOC_FL_KEEP_SIZE); false if unsupported.
  virtual bool reserve(int fd, std::uint64_t offset, std::uint64_t length) = 0;
  /// Makes a range a hole without changing the size; false if unsupported.
  virtual bool punch_hole(int fd, std::uint64_t offset, std::uint64_t length) = 0;
  virtual void truncate(int fd, std::uint64_t size) = 0;
  /// Starts write-back of a range without waiting (SYNC_FILE_RANGE_WRITE): never reports an error.
  virtual void start_writeback(int fd, std::uint64_t offset, std::uint64_t length) = 0;
  /// A failed sync is final: never call it again for the same data, write a new file instead.
  virtual void fsync(int fd) = 0;
  virtual void fdatasync(int fd) = 0;
  /// Waits for everything of the file system that holds `fd`.
  virtual void syncfs(int fd) = 0;
  virtual void rename(At from, At to) = 0;
  /// renameat2 with RENAME_NOREPLACE; Error{exists} if `to` is there. One step wherever the file system has one for it.
  virtual void rename_new(At from, At to) = 0;
  virtual void link(At from, At to) = 0;
  virtual void unlink(At at) = 0;
  virtual void mkdir(At at, mode_t mode = 0777) = 0;
  virtual void rmdir(At at) = 0;
  virtual void symlink(const char* target, At at) = 0;
  /// Creates a fifo, character or block device; `mode` carries the type bits.
  virtual void mknod(At at, mode_t mode, dev_t device) = 0;
  virtual void chmod(int fd, mode_t mode) = 0;
  /// fchmodat without following: for directories and fifos that are not open.
  virtual void chmod_at(At at, mode_t mode) = 0;
  virtual void chown_at(At at, uid_t uid, gid_t gid) = 0;
  /// utimensat with AT_SYMLINK_NOFOLLOW; `times` = {atime, mtime}.
  virtual void set_times_at(At at, const struct timespec times[2]) = 0;
  virtual void set_xattr(int fd, const char* name, ByteView value) = 0;
  /// For what cannot be opened; a link is not followed.
  virtual void set_xattr_at(At at, const char* name, ByteView value) = 0;
  virtual void remove_xattr_at(At at, const char* name) = 0;
};

/// The real one.
FileSystem& posix_file_system();

/// Creates `name` complete: tmp file, write, fsync, rename; `sync_directory` adds the directory fsync.
/// The temporary is removed when anything fails. docs/durability.md, "Replacing a small file".
enum class SyncDirectory : bool { no, yes };
void replace_file(FileSystem& fs, int dirfd, const std::string& name, ByteView content, SyncDirectory sync,
                  mode_t mode = 0666);

/// fsync of a directory by descriptor, or of the directory `at` opened for the purpose.
void sync_directory(FileSystem& fs, At at);

}  // namespace store
