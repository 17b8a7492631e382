#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/fd.h"
#include "worktree/scanner.h"

namespace store {

/// Opens a regular file to read it: O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC beneath a directory; the stat is taken
/// from the descriptor.
struct SourceFile {
  UniqueFd fd;
  ScanEntry stat;
};
/// Error kinds by errno; Error{system} if it is no regular file any more.
SourceFile open_source(int directory_fd, const std::string& name, const std::string& shown_path);
/// True if a second fstat says the file did not change since it was opened (size, mtime, ctime).
bool unchanged_since_open(const SourceFile& file);

/// The next stretch of data at or after `offset` (SEEK_DATA/SEEK_HOLE); {size, size} when only a hole is
/// left. File systems without holes report everything as data.
struct DataRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
DataRange next_data(int fd, std::uint64_t offset, std::uint64_t size);

/// Copies a window of a file into `out` through a mapping that is removed again: the one place that can raise
/// SIGBUS, under the guard. Returns the bytes copied: fewer if the file was truncated meanwhile. Any thread.
std::size_t copy_mapped(int fd, std::uint64_t offset, MutableByteView out, const std::string& shown_path);

}  // namespace store
