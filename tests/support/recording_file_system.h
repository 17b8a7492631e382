#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "support/disk_model.h"
#include "support/forwarding_file_system.h"

namespace store::test {

/// Carries out every call on the real file system, syncs excepted, and logs what changes below one folder, so that a Disk can be
/// brought to every moment of it. Locks leave no trace on a disk but the files and lines written for them. Thread rule: any thread.
class RecordingFileSystem final : public ForwardingFileSystem {
 public:
  /// What is in the folder now is sure; what is in it later has to come through here.
  explicit RecordingFileSystem(const std::string& folder);

  const std::vector<DiskChange>& log() const { return log_; }

  UniqueFd open(At at, int flags, mode_t mode) override;
  void pwrite(int fd, ByteView bytes, std::uint64_t offset) override;
  bool punch_hole(int fd, std::uint64_t offset, std::uint64_t length) override;
  void truncate(int fd, std::uint64_t size) override;
  void start_writeback(int, std::uint64_t, std::uint64_t) override {}
  void fsync(int fd) override;
  void fdatasync(int fd) override { fsync(fd); }
  void syncfs(int fd) override;
  void rename(At from, At to) override;
  void rename_new(At from, At to) override;
  void link(At from, At to) override;
  void unlink(At at) override;
  void mkdir(At at, mode_t mode) override;
  void rmdir(At at) override { unlink_as(at, true); }
  void symlink(const char* target, At at) override;
  void mknod(At at, mode_t mode, dev_t device) override;
  void chmod(int fd, mode_t mode) override;
  void chmod_at(At at, mode_t mode) override;

 private:
  using Inode = std::pair<dev_t, ino_t>;
  struct Place {
    std::optional<NodeId> directory;
    std::string name;
  };
  Place place_of(At at) const STORE_REQUIRES(mutex_);
  std::optional<NodeId> node_of(const struct stat& info) const STORE_REQUIRES(mutex_);
  std::optional<NodeId> node_of(int fd) const STORE_REQUIRES(mutex_);
  std::optional<NodeId> node_at(At at) const STORE_REQUIRES(mutex_);
  void log(DiskChange change) STORE_REQUIRES(mutex_) { log_.push_back(std::move(change)); }
  void log_entry(const Place& place, std::optional<NodeId> target) STORE_REQUIRES(mutex_);
  /// What was just made at `at`.
  void log_new(At at, const std::string& target = {}) STORE_REQUIRES(mutex_);
  void adopt(const std::string& path) STORE_REQUIRES(mutex_);
  void log_mode(std::optional<NodeId> node, mode_t mode) STORE_REQUIRES(mutex_);
  void unlink_as(At at, bool directory);

  mutable Mutex mutex_;
  std::map<Inode, NodeId> nodes_ STORE_GUARDED_BY(mutex_);
  NodeId next_node_ STORE_GUARDED_BY(mutex_) = k_root_node + 1;
  std::vector<DiskChange> log_;
};

}  // namespace store::test
