#include "format/index_metadata.h"

#include "base/error.h"
#include "format/codec.h"

namespace store {
namespace {

// Bits of `captured`. Do not renumber.
enum Captured : std::uint8_t { k_times = 1, k_owners = 2, k_xattrs = 4, k_acls = 8, k_hardlinks = 16, k_all_captured = 31 };
// Bits of `flags`. Do not renumber.
enum Flags : std::uint8_t {
  k_stale = 1,
  k_linked = 2,
  k_has_unapplied = 4,
  k_has_policy = 8,
  k_all_flags = 15,
};
// Bits of what was not applied. Do not renumber.
enum Parts : std::uint8_t { k_owner = 1, k_xattr = 2, k_acl = 4, k_mode = 8, k_link = 16, k_all_parts = 31 };

std::uint8_t bit(bool set, int value) { return static_cast<std::uint8_t>(set ? value : 0); }

std::uint8_t flags_of(const IndexMetadata& metadata) {
  return static_cast<std::uint8_t>(bit(metadata.stale, k_stale) | bit(metadata.linked, k_linked) |
                                   bit(metadata.unapplied.has_value(), k_has_unapplied) |
                                   bit(metadata.policy.has_value(), k_has_policy));
}

void put_unapplied(ByteWriter& out, const Unapplied& unapplied) {
  out.u8(static_cast<std::uint8_t>(bit(unapplied.owner, k_owner) | bit(unapplied.xattrs, k_xattr) |
                                   bit(unapplied.acls, k_acl) | bit(unapplied.mode, k_mode) |
                                   bit(unapplied.link, k_link)));
  out.u32(unapplied.uid);
  out.u32(unapplied.gid);
  out.u16(unapplied.mode_found);
}

Unapplied get_unapplied(ByteReader& in) {
  const std::uint8_t parts = in.u8();
  if (parts == 0 || (parts & ~k_all_parts) != 0) in.fail("bad parts that were not applied");
  Unapplied unapplied;
  unapplied.owner = (parts & k_owner) != 0;
  unapplied.xattrs = (parts & k_xattr) != 0;
  unapplied.acls = (parts & k_acl) != 0;
  unapplied.mode = (parts & k_mode) != 0;
  unapplied.link = (parts & k_link) != 0;
  unapplied.uid = in.u32();
  unapplied.gid = in.u32();
  unapplied.mode_found = in.u16();
  if (unapplied.mode_found > 07777) in.fail("mode exceeds 07777");
  return unapplied;
}

}  // namespace

std::uint8_t MetadataSelection::bits() const {
  return static_cast<std::uint8_t>(bit(times, k_times) | bit(owners, k_owners) | bit(xattrs, k_xattrs) |
                                   bit(acls, k_acls) | bit(hardlinks, k_hardlinks));
}

bool is_linked(ByteView metadata) {
  return metadata.size() > 1 && (std::to_integer<std::uint8_t>(metadata[1]) & k_linked) != 0;
}

Bytes encode_index_metadata(const IndexMetadata& metadata) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(metadata.captured.bits());
  out.u8(flags_of(metadata));
  if (metadata.unapplied) {
    if (!metadata.unapplied->any()) throw_bug("index metadata: nothing that was not applied");
    put_unapplied(out, *metadata.unapplied);
  }
  if (metadata.policy) out.u64(*metadata.policy);
  out.raw(encode_attributes(metadata.attributes));
  return bytes;
}

IndexMetadata decode_index_metadata(ByteView bytes) {
  IndexMetadata metadata;
  if (bytes.empty()) return metadata;
  ByteReader in(bytes, "index metadata");
  const std::uint8_t captured = in.u8();
  const std::uint8_t flags = in.u8();
  if ((captured & ~k_all_captured) != 0 || (flags & ~k_all_flags) != 0) in.fail("unknown bits");
  metadata.captured = {.times = (captured & k_times) != 0,
                       .owners = (captured & k_owners) != 0,
                       .xattrs = (captured & k_xattrs) != 0,
                       .acls = (captured & k_acls) != 0,
                       .hardlinks = (captured & k_hardlinks) != 0};
  metadata.stale = (flags & k_stale) != 0;
  metadata.linked = (flags & k_linked) != 0;
  if ((flags & k_has_unapplied) != 0) metadata.unapplied = get_unapplied(in);
  if ((flags & k_has_policy) != 0) metadata.policy = in.u64();
  metadata.attributes = decode_attributes(bytes.subspan(in.offset()));
  if (metadata.attributes.directory || metadata.attributes.mode) in.fail("a part that the index holds elsewhere");
  return metadata;
}

}  // namespace store
