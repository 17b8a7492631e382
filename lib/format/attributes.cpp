#include "format/attributes.h"

#include "base/error.h"
#include "base/path.h"
#include "chunk/chunker.h"
#include "format/codec.h"
#include "format/entry_scan.h"

namespace store {
namespace {

// Bits of `present` and `flags`. Do not renumber.
enum Present : std::uint8_t {
  k_mtime = 1,
  k_owner = 2,
  k_link = 4,
  k_xattrs = 8,
  k_directory = 16,
  k_mode = 32,
  k_all_present = 63,
};
constexpr std::uint8_t k_sparse = 1;
constexpr std::uint32_t k_second_ns = 1'000'000'000;
constexpr std::uint8_t k_inline_value = 0;
constexpr std::uint8_t k_chunk_value = 1;

std::uint8_t present_bits(const Attributes& attributes) {
  return static_cast<std::uint8_t>(
      (attributes.mtime ? k_mtime : 0) | (attributes.owner ? k_owner : 0) | (attributes.link ? k_link : 0) |
      (attributes.xattrs.empty() ? 0 : k_xattrs) | (attributes.directory ? k_directory : 0) |
      (attributes.mode ? k_mode : 0));
}

/// Every component must be a name that may stand in a tree, so a link never leads out of it.
bool is_tree_path(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    if (!name_fault(path.substr(0, slash)).empty()) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string_view fault_of(const Xattr& xattr) {
  if (xattr.name.empty() || xattr.name.size() > 255 || xattr.name.find('\0') != std::string::npos)
    return "bad name of an extended attribute";
  if (!xattr.chunk && xattr.value.size() > k_max_inline_xattr) return "inline value exceeds 256 bytes";
  if (xattr.chunk && (xattr.length == 0 || xattr.length > k_chunk_limit || xattr.chunk->is_zero()))
    return "bad chunk of an extended attribute";
  return {};
}

std::string_view fault_of(const Attributes& attributes) {
  if (attributes.mtime && attributes.mtime->nanoseconds >= k_second_ns) return "nanoseconds exceed a second";
  if (attributes.owner && (attributes.owner->user.size() > 255 || attributes.owner->group.size() > 255))
    return "owner name exceeds 255 bytes";
  if (attributes.link && (attributes.link->size() > 65535 || !is_tree_path(*attributes.link))) return "bad link";
  if (attributes.xattrs.size() > 65535) return "too many extended attributes";
  for (std::size_t i = 0; i < attributes.xattrs.size(); ++i) {
    if (const std::string_view fault = fault_of(attributes.xattrs[i]); !fault.empty()) return fault;
    if (i > 0 && attributes.xattrs[i - 1].name >= attributes.xattrs[i].name)
      return "extended attributes do not ascend";
  }
  if (attributes.directory && attributes.directory->is_zero()) return "directory id is zero";
  if (attributes.mode && (*attributes.mode > 07777 || !attributes.directory)) return "bad mode";
  return {};
}

void put_short_text(ByteWriter& out, std::string_view text) {
  out.u8(static_cast<std::uint8_t>(text.size()));
  out.raw(text);
}

std::string_view short_text(ByteReader& in) {
  const std::size_t length = in.u8();
  return in.text(length);
}

void put_xattrs(ByteWriter& out, const std::vector<Xattr>& xattrs) {
  out.u16(static_cast<std::uint16_t>(xattrs.size()));
  for (const Xattr& xattr : xattrs) {
    put_short_text(out, xattr.name);
    out.u8(xattr.chunk ? k_chunk_value : k_inline_value);
    out.u32(xattr.chunk ? xattr.length : static_cast<std::uint32_t>(xattr.value.size()));
    if (xattr.chunk)
      put_id(out, *xattr.chunk);
    else
      out.raw(xattr.value);
  }
}

Xattr get_xattr(ByteReader& in) {
  Xattr xattr;
  xattr.name = short_text(in);
  const std::uint8_t kind = in.u8();
  if (kind != k_inline_value && kind != k_chunk_value) in.fail("unknown kind of an extended attribute");
  xattr.length = in.u32();
  if (kind == k_chunk_value) {
    xattr.chunk = get_id(in);
  } else {
    const ByteView value = in.raw(xattr.length);
    xattr.value.assign(value.begin(), value.end());
  }
  return xattr;
}

std::vector<Xattr> get_xattrs(ByteReader& in) {
  const std::uint16_t count = in.u16();
  if (count == 0) in.fail("empty list of extended attributes");
  std::vector<Xattr> xattrs;
  for (std::uint16_t i = 0; i < count; ++i) xattrs.push_back(get_xattr(in));
  return xattrs;
}

Attributes::Time get_mtime(ByteReader& in) {
  Attributes::Time mtime;
  mtime.seconds = get_i64(in);
  mtime.nanoseconds = in.u32();
  return mtime;
}

Attributes::Owner get_owner(ByteReader& in) {
  Attributes::Owner owner;
  owner.uid = in.u32();
  owner.gid = in.u32();
  owner.user = short_text(in);
  owner.group = short_text(in);
  return owner;
}

Attributes get_attributes(ByteReader& in) {
  Attributes attributes;
  const std::uint8_t present = in.u8();
  const std::uint8_t flags = in.u8();
  if ((present & ~k_all_present) != 0 || (flags & ~k_sparse) != 0) in.fail("unknown bits");
  attributes.sparse = (flags & k_sparse) != 0;
  if ((present & k_mtime) != 0) attributes.mtime = get_mtime(in);
  if ((present & k_owner) != 0) attributes.owner = get_owner(in);
  if ((present & k_link) != 0) {
    const std::size_t length = in.u16();
    attributes.link = in.text(length);
  }
  if ((present & k_xattrs) != 0) attributes.xattrs = get_xattrs(in);
  if ((present & k_directory) != 0) attributes.directory = get_id(in);
  if ((present & k_mode) != 0) attributes.mode = in.u16();
  return attributes;
}

}  // namespace

Bytes encode_attributes(const Attributes& attributes) {
  if (const std::string_view fault = fault_of(attributes); !fault.empty())
    throw_bug("attributes entry: " + std::string(fault));
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(present_bits(attributes));
  out.u8(attributes.sparse ? k_sparse : 0);
  if (attributes.mtime) {
    put_i64(out, attributes.mtime->seconds);
    out.u32(attributes.mtime->nanoseconds);
  }
  if (attributes.owner) {
    out.u32(attributes.owner->uid);
    out.u32(attributes.owner->gid);
    put_short_text(out, attributes.owner->user);
    put_short_text(out, attributes.owner->group);
  }
  if (attributes.link) {
    out.u16(static_cast<std::uint16_t>(attributes.link->size()));
    out.raw(*attributes.link);
  }
  if (!attributes.xattrs.empty()) put_xattrs(out, attributes.xattrs);
  if (attributes.directory) put_id(out, *attributes.directory);
  if (attributes.mode) out.u16(*attributes.mode);
  return bytes;
}

Attributes decode_attributes(ByteView entry) {
  ByteReader in(entry, "attributes entry");
  if (entry.size() > k_max_attributes_entry) in.fail("longer than 16000 bytes");
  Attributes attributes = get_attributes(in);
  if (const std::string_view fault = fault_of(attributes); !fault.empty()) in.fail(fault);
  in.expect_end();
  return attributes;
}

void skip_attributes_entry(ByteReader& in) {
  const std::size_t start = in.offset();
  const std::uint8_t present = in.u8();
  if ((present & ~k_all_present) != 0) in.fail("unknown bits");
  in.raw(1);
  if ((present & k_mtime) != 0) in.raw(8 + 4);
  if ((present & k_owner) != 0) {
    in.raw(4 + 4);
    short_text(in);
    short_text(in);
  }
  if ((present & k_link) != 0) in.raw(in.u16());
  if ((present & k_xattrs) != 0) {
    for (std::uint32_t left = in.u16(); left > 0; --left) {
      short_text(in);
      const bool chunk = in.u8() == k_chunk_value;
      const std::uint32_t length = in.u32();
      in.raw(chunk ? sizeof(ObjectId::bytes) : length);
    }
  }
  if ((present & k_directory) != 0) in.raw(32);
  if ((present & k_mode) != 0) in.raw(2);
  if (in.offset() - start > k_max_attributes_entry) in.fail("entry exceeds 16000 bytes");
}

}  // namespace store
