#pragma once

#include "base/file_system.h"

namespace store::test {

/// Passes every call on: what decorators change one or two calls of.
class ForwardingFileSystem : public FileSystem {
 public:
  explicit ForwardingFileSystem(FileSystem& next) : next_(next) {}

  UniqueFd open(At at, int flags, mode_t mode) override { return next_.open(at, flags, mode); }
  void pwrite(int fd, ByteView bytes, std::uint64_t offset) override { next_.pwrite(fd, bytes, offset); }
  bool reserve(int fd, std::uint64_t offset, std::uint64_t length) override { return next_.reserve(fd, offset, length); }
  bool punch_hole(int fd, std::uint64_t offset, std::uint64_t length) override {
    return next_.punch_hole(fd, offset, length);
  }
  void truncate(int fd, std::uint64_t size) override { next_.truncate(fd, size); }
  void start_writeback(int fd, std::uint64_t offset, std::uint64_t length) override {
    next_.start_writeback(fd, offset, length);
  }
  void fsync(int fd) override { next_.fsync(fd); }
  void fdatasync(int fd) override { next_.fdatasync(fd); }
  void syncfs(int fd) override { next_.syncfs(fd); }
  void rename(At from, At to) override { next_.rename(from, to); }
  void rename_new(At from, At to) override { next_.rename_new(from, to); }
  void link(At from, At to) override { next_.link(from, to); }
  void unlink(At at) override { next_.unlink(at); }
  void mkdir(At at, mode_t mode) override { next_.mkdir(at, mode); }
  void rmdir(At at) override { next_.rmdir(at); }
  void symlink(const char* target, At at) override { next_.symlink(target, at); }
  void mknod(At at, mode_t mode, dev_t device) override { next_.mknod(at, mode, device); }
  void chmod(int fd, mode_t mode) override { next_.chmod(fd, mode); }
  void chmod_at(At at, mode_t mode) override { next_.chmod_at(at, mode); }
  void chown_at(At at, uid_t uid, gid_t gid) override { next_.chown_at(at, uid, gid); }
  void set_times_at(At at, const struct timespec times[2]) override { next_.set_times_at(at, times); }
  void set_xattr(int fd, const char* name, ByteView value) override { next_.set_xattr(fd, name, value); }
  void set_xattr_at(At at, const char* name, ByteView value) override { next_.set_xattr_at(at, name, value); }
  void remove_xattr_at(At at, const char* name) override { next_.remove_xattr_at(at, name); }

 protected:
  FileSystem& next_;
};

}  // namespace store::test
