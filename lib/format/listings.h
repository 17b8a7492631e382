#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/object_id.h"

namespace store {

/// Which names a directory of the work tree held when it was read, and what a stat of it said then. As long as a stat says the
/// same, it holds the same names. Times in nanoseconds since the epoch.
struct KnownListing {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  ObjectId names;  // SHA-256 of the names, ascending, a NUL behind each; docs/format.md says what of very many
  bool operator==(const KnownListing&) const = default;
};
/// By directory: (device, inode). A directory stands once.
inline bool ascends(const KnownListing& a, const KnownListing& b) {
  return a.device != b.device ? a.device < b.device : a.inode < b.inode;
}

/// One in the file, in bytes.
inline constexpr std::size_t k_listing_size = 64;
/// More are not remembered: 16 MiB.
inline constexpr std::size_t k_max_known_listings = 262'144;

/// The file `listings`, derived. docs/format.md "Listings". Error{bug} unless the directories ascend.
Bytes encode_known_listings(const std::vector<KnownListing>& listings);

/// The same, read in place; any thread. No bytes at all are a file that knows nothing.
class KnownListingsView {
 public:
  KnownListingsView() = default;
  /// Error{corrupt} for anything else, also directories that do not ascend. `bytes` must live as long as this.
  explicit KnownListingsView(ByteView bytes);
  std::size_t size() const { return entries_.size() / k_listing_size; }
  KnownListing at(std::size_t index) const;
  /// Where the directory stands; size() if it is not known.
  std::size_t find(std::uint64_t device, std::uint64_t inode) const;

 private:
  ByteView entries_;
};

}  // namespace store
