#include "format/index_record.h"

#include "base/error.h"
#include "base/path.h"
#include "format/codec.h"
#include "format/index_codec.h"

namespace store {
namespace {

// Do not renumber.
enum Flags : std::uint8_t {
  k_racy = 1,
  k_streamed = 2,
  k_removed = 4,
  k_has_id = 8,
  k_has_attributes = 16,
  k_has_stat = 32,
  k_has_class = 64,
  k_has_metadata = 128,
  k_all_flags = 255,
};
constexpr std::uint8_t k_max_class = 4;
constexpr std::size_t k_fixed_size = 1 + 2 + 8 + 8;
constexpr std::size_t k_stat_size = 5 * 8;

std::uint8_t flags_of(const IndexEntry& entry) {
  if (entry.removed) return k_removed;
  return static_cast<std::uint8_t>((entry.racy ? k_racy : 0) | (entry.streamed ? k_streamed : 0) |
                                   (entry.id.is_zero() ? 0 : k_has_id) |
                                   (entry.attributes.is_zero() ? 0 : k_has_attributes) |
                                   (entry.stat == StatKey{} ? 0 : k_has_stat) |
                                   (entry.size_class == 0 ? 0 : k_has_class) |
                                   (entry.metadata.empty() ? 0 : k_has_metadata));
}

std::uint8_t get_flags(ByteReader& in) {
  const std::uint8_t flags = in.u8();
  if ((flags & ~k_all_flags) != 0 || ((flags & k_removed) != 0 && flags != k_removed)) in.fail("unknown flags");
  return flags;
}

/// Of the parts whose size the flags tell.
std::size_t fixed_size(std::uint8_t flags) {
  if ((flags & k_removed) != 0) return 0;
  return k_fixed_size + ((flags & k_has_id) != 0 ? 32u : 0u) + ((flags & k_has_attributes) != 0 ? 32u : 0u) +
         ((flags & k_has_stat) != 0 ? k_stat_size : 0u) + ((flags & k_has_class) != 0 ? 1u : 0u);
}

void put_stat(ByteWriter& out, const StatKey& stat) {
  out.u64(stat.size);
  put_i64(out, stat.mtime_ns);
  put_i64(out, stat.ctime_ns);
  out.u64(stat.inode);
  out.u64(stat.device);
}

StatKey get_stat(ByteReader& in) {
  const std::byte* at = in.raw(k_stat_size).data();
  return {.size = load_u64(at),
          .mtime_ns = static_cast<std::int64_t>(load_u64(at + 8)),
          .ctime_ns = static_cast<std::int64_t>(load_u64(at + 16)),
          .inode = load_u64(at + 24),
          .device = load_u64(at + 32)};
}

/// A path that stays below the root: components that are not empty, "." or "..", and no NUL. Of the first `clean` bytes that is known.
bool is_clean_path(std::string_view path, std::size_t clean) {
  if (path.empty()) return true;  // the root itself
  if (path.find('\0', clean) != path.npos) return false;
  for (std::size_t begin = path.substr(0, clean).rfind('/') + 1; begin <= path.size();) {
    const std::string_view name = path.substr(begin, path.find('/', begin) - begin);
    if (name.empty() || name == "." || name == "..") return false;
    begin += name.size() + 1;
  }
  return true;
}

}  // namespace

TreeEntry tree_entry_of(const IndexEntry& entry) {
  return {.kind = entry.kind,
          .mode = entry.mode,
          .size = entry.size,
          .name = std::string(base_name(entry.path)),
          .id = entry.id};
}

IndexEntry index_entry_of(std::string path, const TreeEntry& entry) {
  IndexEntry out;
  out.path = std::move(path);
  out.kind = entry.kind;
  out.mode = entry.mode;
  out.size = entry.size;
  out.id = entry.id;
  return out;
}

void put_index_record(const IndexEntry& entry, std::size_t shared, Bytes& bytes) {
  ByteWriter out(bytes);
  put_text(out, std::string_view(entry.path).substr(shared));
  const std::uint8_t flags = flags_of(entry);
  out.u8(flags);
  if (entry.removed) return;
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.u16(entry.mode);
  out.u64(entry.size);
  out.u64(entry.chunks);
  if ((flags & k_has_id) != 0) put_id(out, entry.id);
  if ((flags & k_has_attributes) != 0) put_id(out, entry.attributes);
  if ((flags & k_has_stat) != 0) put_stat(out, entry.stat);
  if ((flags & k_has_class) != 0) out.u8(entry.size_class);
  if ((flags & k_has_metadata) == 0) return;
  if (entry.metadata.size() > k_max_index_metadata) throw_bug("index record: metadata exceeds its limit");
  out.u16(static_cast<std::uint16_t>(entry.metadata.size()));
  out.raw(entry.metadata);
}

void get_index_record(ByteReader& in, std::string_view prefix, IndexEntry& entry) {
  const std::uint32_t length = in.u32();
  entry.path.assign(prefix);  // the memory is used again
  entry.path += in.text(length);
  if (!is_clean_path(entry.path, prefix.size())) in.fail("bad path");
  const std::uint8_t flags = get_flags(in);
  entry.racy = (flags & k_racy) != 0;
  entry.streamed = (flags & k_streamed) != 0;
  entry.removed = (flags & k_removed) != 0;
  if (entry.removed) {
    IndexEntry removed;
    removed.path.swap(entry.path);
    removed.removed = true;
    entry = std::move(removed);
    return;
  }
  const std::uint8_t kind = in.u8();
  if (!is_entry_kind(kind)) in.fail("unknown kind");
  entry.kind = static_cast<EntryKind>(kind);
  entry.mode = in.u16();
  if (entry.mode > 07777) in.fail("mode exceeds 07777");
  entry.size = in.u64();
  entry.chunks = in.u64();
  entry.id = (flags & k_has_id) != 0 ? get_id(in) : ObjectId();
  entry.attributes = (flags & k_has_attributes) != 0 ? get_id(in) : ObjectId();
  entry.stat = (flags & k_has_stat) != 0 ? get_stat(in) : StatKey();
  entry.size_class = (flags & k_has_class) != 0 ? in.u8() : 0;
  entry.metadata.clear();
  if (entry.size_class > k_max_class) in.fail("unknown size class");
  if ((flags & k_has_metadata) != 0) {
    const ByteView metadata = in.raw(in.u16());
    if (metadata.size() > k_max_index_metadata) in.fail("metadata exceeds its limit");
    entry.metadata.assign(metadata.begin(), metadata.end());
  }
  if (flags != flags_of(entry)) in.fail("a part that is recorded is zero");
}

std::string_view skip_index_record(ByteReader& in) {
  const std::uint32_t length = in.u32();
  const std::string_view path = in.text(length);
  const std::uint8_t flags = get_flags(in);
  in.raw(fixed_size(flags));
  if ((flags & k_has_metadata) != 0) in.raw(in.u16());
  return path;
}

void append_index_record(const IndexEntry& entry, Bytes& out) { put_index_record(entry, 0, out); }

IndexEntry decode_index_record(ByteView record) {
  ByteReader in(record, "index record");
  IndexEntry entry;
  get_index_record(in, {}, entry);
  in.expect_end();
  return entry;
}

}  // namespace store
