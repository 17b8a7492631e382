#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "format/index_metadata.h"

namespace store {

/// A file in an open directory; `fd` is the file itself where it is open, else -1. Symlinks are never followed.
struct FilePlace {
  int directory_fd = -1;
  const std::string& name;
  int fd = -1;
};

struct RawXattr {
  std::string name;
  Bytes value;
};

/// The selected extended attributes of a file, ascending by name: user.*, security.*, trusted.* as far as the process may read
/// them, and access control lists. None where the file system has none. Error by errno if they cannot be listed.
std::vector<RawXattr> read_xattrs(const FilePlace& file, const MetadataSelection& selection);

/// True if an extended attribute is among those to record: those of one file system alone (system.*, but for access control lists)
/// never are.
bool is_wanted_xattr(std::string_view name, const MetadataSelection& selection);

/// True for what only root may set: security.* and trusted.*.
bool needs_root(std::string_view xattr);

/// A path by which system calls without a directory descriptor get at the file: through /proc, its last component is not followed.
std::string path_of(const FilePlace& file);

}  // namespace store
