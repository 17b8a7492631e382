#include "format/listings.h"

#include <algorithm>

#include "format/codec.h"
#include "format/file_header.h"
#include "hash/checksum.h"

namespace store {
namespace {

constexpr std::string_view k_magic = "STORELST";

bool all_ascend(const std::vector<KnownListing>& listings) {
  return std::adjacent_find(listings.begin(), listings.end(), [](const KnownListing& a, const KnownListing& b) {
           return !ascends(a, b);
         }) == listings.end();
}

}  // namespace

Bytes encode_known_listings(const std::vector<KnownListing>& listings) {
  if (!all_ascend(listings)) throw_bug("listings: directories do not ascend");
  Bytes bytes = encode_file_header(k_magic);
  bytes.reserve(k_file_header_size + 16 + listings.size() * 64);
  ByteWriter out(bytes);
  out.u64(listings.size());
  for (const KnownListing& listing : listings) {
    out.u64(listing.device);
    out.u64(listing.inode);
    put_i64(out, listing.mtime_ns);
    put_i64(out, listing.ctime_ns);
    put_id(out, listing.names);
  }
  out.u64(xxh3(ByteView(bytes).subspan(k_file_header_size)));
  return bytes;
}

KnownListingsView::KnownListingsView(ByteView bytes) {
  decode_file_header(bytes, k_magic, "listings");
  ByteReader in(bytes, "listings");
  in.raw(k_file_header_size);
  const std::uint64_t count = in.u64();
  if (count > in.remaining() / k_entry_size) in.fail("count exceeds the file");
  entries_ = in.raw(static_cast<std::size_t>(count) * k_entry_size);
  const std::size_t end = in.offset();
  if (in.u64() != xxh3(bytes.subspan(k_file_header_size, end - k_file_header_size))) in.fail("checksum differs");
  in.expect_end();
  for (std::size_t i = 1; i < size(); ++i)
    if (!ascends(at(i - 1), at(i))) in.fail("directories do not ascend");
}

KnownListing KnownListingsView::at(std::size_t index) const {
  ByteReader in(entries_.subspan(index * k_entry_size, k_entry_size), "listings");
  KnownListing listing;
  listing.device = in.u64();
  listing.inode = in.u64();
  listing.mtime_ns = get_i64(in);
  listing.ctime_ns = get_i64(in);
  listing.names = get_id(in);
  return listing;
}

std::size_t KnownListingsView::find(std::uint64_t device, std::uint64_t inode) const {
  std::size_t low = 0;
  std::size_t high = size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::byte* entry = entries_.data() + middle * k_entry_size;
    const std::uint64_t there = load_u64(entry);
    if (there < device || (there == device && load_u64(entry + 8) < inode)) low = middle + 1;
    else high = middle;
  }
  const bool found = low < size() && at(low).device == device && at(low).inode == inode;
  return found ? low : size();
}

}  // namespace store
