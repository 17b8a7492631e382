#pragma once

#include <functional>

#include "archive/archive_entry.h"
#include "base/bytes.h"

namespace store {

/// Writes a tar archive of POSIX.1-2017: ustar headers, and pax records only where they do not suffice (long names, large files,
/// times with fractions, extended attributes), access control lists as SCHILY.acl.* and sparse files as GNU.sparse.* 1.0, which GNU
/// tar, star and libarchive read. The bytes depend on the entries alone. One thread at a time.
class TarWriter {
 public:
  explicit TarWriter(std::function<void(ByteView)> sink);

  /// The next member; a directory's path has no trailing '/'. Its predecessor's content must be complete.
  void begin(const ArchiveEntry& entry);
  /// Content of a regular file, in all exactly `size` bytes without those in holes.
  void write(ByteView content);
  /// The end mark; nothing may follow.
  void finish();

 private:
  void put(ByteView bytes);
  void pad(std::uint64_t unit);
  void member(const std::string& name, char type, std::uint64_t size, const ArchiveEntry& entry);
  std::function<void(ByteView)> sink_;
  std::uint64_t written_ = 0;
  std::uint64_t left_ = 0;  // content of the current member that is to come
};

}  // namespace store
