#pragma once

#include <functional>
#include <string_view>

#include "base/file_system.h"

namespace store::test {

/// The real file system with syncs that do nothing. Loops that kill or refuse call after call prove nothing about
/// power loss, and on a disk they would spend a minute on syncing.
class UnsyncedFileSystem final : public FileSystem {
 public:
  /// Called after each open: what somebody else does at this very moment.
  std::function<void(std::string_view name)> after_open;

  UniqueFd open(At at, int flags, mode_t mode) override {
    UniqueFd fd = real_.open(at, flags, mode);
    const auto call = after_open;  // it may replace itself
    if (call) call(at.name);
    return fd;
  }
  void pwrite(int fd, ByteView bytes, std::uint64_t offset) override { real_.pwrite(fd, bytes, offset); }
  bool reserve(int fd, std::uint64_t offset, std::uint64_t length) override {
    return real_.reserve(fd, offset, length);
  }
  bool punch_hole(int fd, std::uint64_t offset, std::uint64_t length) override {
    return real_.punch_hole(fd, offset, length);
  }
  void truncate(int fd, std::uint64_t size) override { real_.truncate(fd, size); }
  void start_writeback(int, std::uint64_t, std::uint64_t) override {}
  void fsync(int) override {}
  void fdatasync(int) override {}
  void syncfs(int) override {}
  void rename(At from, At to) override { real_.rename(from, to); }
  void rename_new(At from, At to) override { real_.rename_new(from, to); }
  void link(At from, At to) override { real_.link(from, to); }
  void unlink(At at) override { real_.unlink(at); }
  void mkdir(At at, mode_t mode) override { real_.mkdir(at, mode); }
  void rmdir(At at) override { real_.rmdir(at); }
  void symlink(const char* target, At at) override { real_.symlink(target, at); }
  void mknod(At at, mode_t mode, dev_t device) override { real_.mknod(at, mode, device); }
  void chmod(int fd, mode_t mode) override { real_.chmod(fd, mode); }
  void chmod_at(At at, mode_t mode) override { real_.chmod_at(at, mode); }
  void chown_at(At at, uid_t uid, gid_t gid) override { real_.chown_at(at, uid, gid); }
  void set_times_at(At at, const struct timespec times[2]) override { real_.set_times_at(at, times); }
  void set_xattr(int fd, const char* name, ByteView value) override { real_.set_xattr(fd, name, value); }
  void set_xattr_at(At at, const char* name, ByteView value) override { real_.set_xattr_at(at, name, value); }
  void remove_xattr_at(At at, const char* name) override { real_.remove_xattr_at(at, name); }

 private:
  FileSystem& real_ = posix_file_system();
};

inline FileSystem& unsynced_file_system() {
  static UnsyncedFileSystem instance;
  return instance;
}

}  // namespace store::test
