#include "format/listings.h"

#include <algorithm>

#include "format/codec.h"
#include "format/record_file.h"

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
  Bytes bytes = begin_record_file(k_magic, listings.size(), k_listing_size);
  ByteWriter out(bytes);
  for (const KnownListing& listing : listings) {
    out.u64(listing.device);
    out.u64(listing.inode);
    put_i64(out, listing.mtime_ns);
    put_i64(out, listing.ctime_ns);
    put_id(out, listing.names);
  }
  finish_record_file(bytes);
  return bytes;
}

KnownListingsView::KnownListingsView(ByteView bytes) : entries_(records_of_file(bytes, k_magic, "listings", k_listing_size)) {
  for (std::size_t i = 1; i < size(); ++i)
    if (!ascends(at(i - 1), at(i))) throw_corrupt("listings: directories do not ascend");
}

KnownListing KnownListingsView::at(std::size_t index) const {
  ByteReader in(entries_.subspan(index * k_listing_size, k_listing_size), "listings");
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
    const std::byte* entry = entries_.data() + middle * k_listing_size;
    const std::uint64_t there = load_u64(entry);
    if (there < device || (there == device && load_u64(entry + 8) < inode)) low = middle + 1;
    else high = middle;
  }
  const bool found = low < size() && at(low).device == device && at(low).inode == inode;
  return found ? low : size();
}

}  // namespace store
