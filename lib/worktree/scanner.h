// worktree: the files outside the repository: walking them, the index of what is tracked, and writing them
// safely. It knows nothing of packs or refs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/fd.h"
#include "format/index_record.h"
#include "format/listings.h"
#include "worktree/ignore.h"

namespace store {

/// What a walk found at a path.
struct ScanEntry {
  std::string path;                  // relative to the root of the walk's tree, '/' separated
  EntryKind kind = EntryKind::file;  // `file` for every regular file: size decides later
  bool socket = false;               // cannot be stored; `kind` then says fifo and means nothing
  std::uint16_t mode = 0;
  StatKey stat;
  std::uint64_t device_number = 0;  // major<<32|minor of devices
  std::uint32_t links = 1;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t blocks = 0;  // 512-byte units on disk: fewer than size needs = holes
  bool ignored = false;      // by the rules of ScanOptions::ignore, itself or with a directory above
};

/// An input that could not be read; the walk goes on.
struct PathFailure {
  std::string path;
  std::string message;
  int errno_value = 0;  // of the refused call, 0 if none was
};

struct ScanOptions {
  /// Asked for every entry before it is reported or entered; false skips it (and what is below it). Called
  /// from several threads at once.
  std::function<bool(const ScanEntry&)> accept = {};
  /// Asked for every directory that was accepted; false reports it without what is below it.
  std::function<bool(const ScanEntry&)> enter = {};
  /// Rules for the whole tree (IgnoreScope::outside). If given, the files of rules of the tree count too, and entries
  /// tell whether they are ignored; it is for `accept` and `enter` to act on that.
  IgnoreScope::Pointer ignore = {};
  /// Told of every directory that was read and whose names are sure to be those as long as a stat says the same of it: not of one
  /// that was touched a moment ago, lies on another file system, or holds a name that is never reported. Called from several threads.
  std::function<void(const KnownListing&)> listed = {};
  bool one_file_system = false;
  unsigned threads = 1;
  std::size_t run_length =
      256 * 1024;  // names of one directory sorted in memory; more spill to a temporary file
};

/// Walks directories in parallel and yields what is there in path order (compare_paths), whatever the thread
/// count. Directory-relative, no symlink is followed; one statx per entry. Memory is bounded by the listing
/// window, not by the tree. Entries named like a repository (is_repository_name) are never reported: they are
/// listed in `skipped()`. Thread rule: one thread calls next().
class Scanner {
 public:
  /// `root_fd`: the tree's root directory, open for as long as the scanner; `start`: path below it to walk
  /// ("" = everything; the start itself is reported first, except for ""); one that is not there, or only
  /// beyond a symlink, yields nothing. With one_file_system a mount point is reported but not entered.
  Scanner(int root_fd, std::string start, ScanOptions options);
  ~Scanner();
  std::optional<ScanEntry> next();
  /// Directories and files that could not be listed or looked at so far: at least all that come before the
  /// entry returned last. A directory is reported as an entry before it fails; nothing below it is reported
  /// then. What vanished during the walk is no failure.
  const std::vector<PathFailure>& failures() const;
  /// Entries left out because of their name, so far.
  const std::vector<std::string>& skipped() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One path's ScanEntry without following symlinks (also not in parents); nothing if it is not there.
std::optional<ScanEntry> scan_one(int root_fd, const std::string& path);

/// openat2(RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS), component-wise O_NOFOLLOW where the kernel refuses it
/// (ENOSYS, EPERM). `path` is relative to root_fd; "" is the root itself. Returns the descriptor or -errno.
int open_beneath(int root_fd, const std::string& path, int flags, mode_t mode = 0);

}  // namespace store
