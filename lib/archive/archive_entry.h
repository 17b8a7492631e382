// archive: tar in and out. Reading goes through libarchive, which knows every dialect; what is written is one dialect of our own
// choice, byte for byte the same for the same tree (POSIX.1-2017, pax interchange format). It knows nothing of repositories.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "format/tree.h"

namespace store {

/// A stretch of zeros that takes no place.
struct Hole {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const Hole&) const = default;
};

/// One member of an archive.
struct ArchiveEntry {
  std::string path;       // as it stands in the archive
  EntryKind kind = EntryKind::file;  // `file` for every regular file
  std::uint16_t mode = 0;
  std::uint64_t size = 0;
  std::uint64_t device = 0;          // major<<32|minor
  std::string target = {};           // of a symlink
  std::string hard_link = {};        // path of an earlier member with the same content, "" if this one brings its own
  std::int64_t mtime_seconds = 0;
  std::uint32_t mtime_nanoseconds = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user = {};             // "": unknown
  std::string group = {};
  std::vector<std::pair<std::string, Bytes>> xattrs = {};  // ACLs among them, in the kernel's form
  std::vector<Hole> holes = {};      // of a regular file, ascending and apart
  std::vector<std::string> left_out = {};  // what the archive says and this form cannot, for people
};

}  // namespace store
