// What store must never do, as file systems that do it: a check of power losses that lets one of them pass checks nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "support/forwarding_file_system.h"

namespace store::test {

/// The name of a file or directory at the time it was opened is looked at by its end.
bool is_open_as(int fd, std::string_view end_of_path);
bool is_directory(int fd);

/// Leaves out the syncs for which `skip` is true.
class SkippedSync final : public ForwardingFileSystem {
 public:
  SkippedSync(FileSystem& next, std::function<bool(int fd)> skip) : ForwardingFileSystem(next), skip_(std::move(skip)) {}
  void fsync(int fd) override {
    if (!skip_(fd)) next_.fsync(fd);
  }
  void fdatasync(int fd) override {
    if (!skip_(fd)) next_.fdatasync(fd);
  }
  void syncfs(int fd) override {
    if (!skip_(-1)) next_.syncfs(fd);
  }

 private:
  std::function<bool(int)> skip_;
};

/// Puts off the syncs of some files until one of another file has been made.
class LateSync final : public ForwardingFileSystem {
 public:
  using Which = std::function<bool(int fd)>;
  LateSync(FileSystem& next, Which late, Which until)
      : ForwardingFileSystem(next), late_(std::move(late)), until_(std::move(until)) {}
  void fsync(int fd) override { sync(fd); }
  void fdatasync(int fd) override { sync(fd); }

 private:
  void sync(int fd);
  Which late_;
  Which until_;
  std::vector<UniqueFd> waiting_;
};

/// Writes under the final name what should be written beside it: the first `temporary` in a name is cut off with all that follows,
/// and the rename that would put it in place does nothing.
class FinalName final : public ForwardingFileSystem {
 public:
  FinalName(FileSystem& next, std::string temporary) : ForwardingFileSystem(next), temporary_(std::move(temporary)) {}
  UniqueFd open(At at, int flags, mode_t mode) override;
  void rename(At from, At to) override;
  void unlink(At at) override;

 private:
  std::string temporary_;
};

/// Copies a ref into its place instead of renaming it there.
class RefInPlace final : public ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;
  void rename(At from, At to) override;
};

/// Takes a file for what its name says: what is there already is not put in place again.
class SkipExisting final : public ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;
  void rename(At from, At to) override;
};

}  // namespace store::test
