#pragma once

#include <functional>
#include <string_view>

#include "support/forwarding_file_system.h"

namespace store::test {

/// The real file system with syncs that do nothing. Loops that kill or refuse call after call prove nothing about
/// power loss, and on a disk they would spend a minute on syncing.
class UnsyncedFileSystem final : public ForwardingFileSystem {
 public:
  UnsyncedFileSystem() : ForwardingFileSystem(posix_file_system()) {}

  /// Called after each open: what somebody else does at this very moment.
  std::function<void(std::string_view name)> after_open;

  UniqueFd open(At at, int flags, mode_t mode) override {
    UniqueFd fd = ForwardingFileSystem::open(at, flags, mode);
    const auto call = after_open;  // it may replace itself
    if (call) call(at.name);
    return fd;
  }
  void start_writeback(int, std::uint64_t, std::uint64_t) override {}
  void fsync(int) override {}
  void fdatasync(int) override {}
  void syncfs(int) override {}
};

inline FileSystem& unsynced_file_system() {
  static UnsyncedFileSystem instance;
  return instance;
}

}  // namespace store::test
