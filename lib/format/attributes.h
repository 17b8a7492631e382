#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/node.h"

namespace store {

struct Xattr {
  std::string name;
  Bytes value;                    // inline value, when `chunk` is not set
  std::optional<ObjectId> chunk;  // values over 256 bytes are chunks
  std::uint32_t length = 0;       // of the value; only read for chunks
  bool operator==(const Xattr&) const = default;
};

/// What a file has beside content and mode. Absent parts were turned off or do not apply.
struct Attributes {
  struct Time {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    bool operator==(const Time&) const = default;
  };
  struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string user;
    std::string group;
    bool operator==(const Owner&) const = default;
  };
  bool sparse = false;
  std::optional<Time> mtime;
  std::optional<Owner> owner;
  std::optional<std::string> link;
  std::vector<Xattr> xattrs;
  std::optional<ObjectId> directory;  // attributes root of a subdirectory
  std::optional<std::uint16_t> mode;  // the root object only
  bool operator==(const Attributes&) const = default;
};

inline constexpr std::size_t k_max_attributes_entry = 16000;
inline constexpr std::size_t k_max_inline_xattr = 256;
/// Checks all but the length: whoever gets more than k_max_attributes_entry bytes stores values as chunks or leaves
/// parts out. Error{bug} for what has no form on disk.
Bytes encode_attributes(const Attributes& attributes);
/// Error{corrupt} also for a link or xattr that no writer makes.
Attributes decode_attributes(ByteView entry);

}  // namespace store
