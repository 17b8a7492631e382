#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "archive/archive_entry.h"
#include "base/byte_source.h"

namespace store {

/// Ids of the users and groups that access control lists name; nothing for names that are unknown.
struct AclNames {
  std::function<std::optional<std::uint32_t>(const std::string& user)> user;
  std::function<std::optional<std::uint32_t>(const std::string& group)> group;
};

/// The members of a tar archive, one after the other, in constant memory: v7, ustar, pax, GNU, plain or compressed with gzip, bzip2,
/// xz, zstd or lz4; sparse ones as GNU tar, star and bsdtar have them. Names are the archive's bytes. Error{partial} for what is no such archive, damaged or cut short; what the
/// source throws goes through. One thread at a time.
class TarReader {
 public:
  TarReader(ByteSource& source, AclNames names);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  /// The next member, or nothing at the end; then the source is read to its end too, so that its writer sees no broken pipe.
  std::optional<ArchiveEntry> next();
  /// Content of the member that next() gave last; holes are zeros. As ByteSource::read.
  std::size_t read(MutableByteView out);
  /// Steps over a hole where that comes next: its bytes.
  std::uint64_t skip_hole();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace store
