#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "format/codec.h"
#include "format/file_header.h"
#include "format/pack.h"
#include "format/sorted_records.h"
#include "hash/checksum_stream.h"

namespace store {
namespace {

constexpr std::string_view k_pack_magic = "STOREPCK";
constexpr std::string_view k_footer_magic = "STOREFTR";
// Entry: id 32, type 1, flags 1, reserved 2, block 4, ordinal 4.
constexpr std::size_t k_entry_size = 44;
constexpr std::size_t k_offset_size = 8;
constexpr std::uint8_t k_known_flags = k_flag_delta;

/// checksum u64 ‖ entries u32 ‖ blocks u32 ‖ footer's size u64 ‖ magic.
struct Trailer {
  std::uint64_t checksum = 0;
  std::uint32_t entries = 0;
  std::uint32_t blocks = 0;
  std::uint64_t size = 0;
};

Trailer read_trailer(ByteView bytes) {
  ByteReader in(bytes, "pack footer");
  Trailer trailer;
  trailer.checksum = in.u64();
  trailer.entries = in.u32();
  trailer.blocks = in.u32();
  trailer.size = in.u64();
  if (in.text(8) != k_footer_magic) in.fail("wrong magic");
  const std::uint64_t size = std::uint64_t{trailer.entries} * k_entry_size +
                             std::uint64_t{trailer.blocks} * k_offset_size + k_footer_trailer_size;
  if (trailer.size != size) in.fail("size differs from the counts");
  return trailer;
}

/// XXH3 over the footer without the checksum's own 8 bytes.
std::uint64_t footer_checksum(ByteView footer) {
  const std::size_t at = footer.size() - k_footer_trailer_size;
  Xxh3Stream stream;
  stream.update(footer.first(at));
  stream.update(footer.subspan(at + 8));
  return stream.value();
}

FooterEntry read_entry(const std::byte* at, std::size_t blocks) {
  ByteReader in({at, k_entry_size}, "pack footer entry");
  FooterEntry entry;
  entry.key.id = get_id(in);
  const std::uint8_t type = in.u8();
  entry.flags = in.u8();
  const std::uint16_t reserved = in.u16();
  entry.block = in.u32();
  entry.ordinal = in.u32();
  entry.key.type = static_cast<ObjectType>(type);
  if (!is_object_type(type)) in.fail("unknown object type");
  if ((entry.flags & ~k_known_flags) != 0 || reserved != 0) in.fail("unknown flags");
  if (entry.block >= blocks) in.fail("block index exceeds the block count");
  if (entry.ordinal >= k_max_block_objects) in.fail("ordinal exceeds 65535");
  return entry;
}

bool entry_less(const FooterEntry& a, const FooterEntry& b) {
  if (a.key != b.key) return key_less(a.key, b.key);
  return a.block != b.block ? a.block < b.block : a.ordinal < b.ordinal;
}

/// What is wrong with the order of a footer; empty if nothing.
std::string_view fault_of(const Footer& footer) {
  for (std::size_t i = 0; i < footer.block_offsets.size(); ++i)
    if (footer.block_offsets[i] < (i == 0 ? k_pack_header_size : footer.block_offsets[i - 1] + 1))
      return "block offsets do not ascend";
  for (std::size_t i = 1; i < footer.entries.size(); ++i)
    if (!entry_less(footer.entries[i - 1], footer.entries[i])) return "entries do not ascend";
  return {};
}

}  // namespace

const std::size_t k_pack_header_size = k_file_header_size;
const std::size_t k_footer_trailer_size = 32;

Bytes encode_pack_header(const PackHeader& header) {
  return encode_file_header(k_pack_magic, header.version, header.required);
}

PackHeader decode_pack_header(ByteView bytes) {
  const FileHeader header = decode_file_header(bytes, k_pack_magic, "pack header");
  return {.version = header.version, .required = header.required};
}

bool key_less(const ObjectKey& a, const ObjectKey& b) {
  if (a.id != b.id) return a.id < b.id;
  return a.type < b.type;
}

void encode_footer(const Footer& footer, const std::function<void(ByteView)>& out) {
  if (const std::string_view fault = fault_of(footer); !fault.empty())
    throw_bug(fmt::format("pack footer: {}", fault));
  const std::uint64_t size = footer_size(footer.block_offsets.size(), footer.entries.size());
  Xxh3Stream checksum;
  Bytes piece;
  piece.reserve(std::min<std::uint64_t>(size, k_footer_piece));
  ByteWriter writer(piece);
  // What was collected goes out if there is no room for so many bytes more.
  const auto make_room = [&](std::size_t bytes) {
    if (piece.size() + bytes <= k_footer_piece) return;
    checksum.update(piece);
    out(piece);
    piece.clear();
  };
  for (const FooterEntry& entry : footer.entries) {
    if (entry.block >= footer.block_offsets.size()) throw_bug("pack footer: block index exceeds the block count");
    make_room(k_entry_size);
    put_id(writer, entry.key.id);
    writer.u8(static_cast<std::uint8_t>(entry.key.type));
    writer.u8(entry.flags);
    writer.u16(0);
    writer.u32(entry.block);
    writer.u32(entry.ordinal);
  }
  for (const std::uint64_t offset : footer.block_offsets) {
    make_room(k_offset_size);
    writer.u64(offset);
  }
  make_room(k_footer_trailer_size);
  const std::size_t trailer = piece.size();
  writer.u64(0);
  writer.u32(count_u32(footer.entries.size()));
  writer.u32(count_u32(footer.block_offsets.size()));
  writer.u64(size);
  writer.raw(k_footer_magic);
  const ByteView last = piece;
  checksum.update(last.first(trailer));
  checksum.update(last.subspan(trailer + 8));
  store_u64(piece.data() + trailer, checksum.value());
  out(piece);
}

Bytes encode_footer(const Footer& footer) {
  Bytes bytes;
  bytes.reserve(footer_size(footer.block_offsets.size(), footer.entries.size()));
  encode_footer(footer, [&](ByteView piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  return bytes;
}

std::uint64_t footer_size(std::size_t blocks, std::size_t objects) {
  return objects * k_entry_size + blocks * k_offset_size + k_footer_trailer_size;
}

std::uint64_t footer_size(ByteView trailer) {
  if (trailer.size() < k_footer_trailer_size) throw_corrupt("pack footer: truncated");
  return read_trailer(trailer.last(k_footer_trailer_size)).size;
}

Footer decode_footer(ByteView bytes) {
  const FooterView view(bytes, FooterView::Verify::yes);
  Footer footer;
  footer.block_offsets.reserve(view.blocks());
  footer.entries.reserve(view.size());
  for (std::size_t i = 0; i < view.blocks(); ++i) footer.block_offsets.push_back(view.block_offset(i));
  for (std::size_t i = 0; i < view.size(); ++i) footer.entries.push_back(view.entry(i));
  if (const std::string_view fault = fault_of(footer); !fault.empty())
    throw_corrupt(fmt::format("pack footer: {}", fault));
  return footer;
}

std::size_t find_footer_end(ByteView bytes, std::size_t from) {
  const std::size_t at = as_text(bytes).find(k_footer_magic, from - std::min(from, k_footer_magic.size()));
  return at == std::string_view::npos ? bytes.size() + 1 : at + k_footer_magic.size();
}

FooterView::FooterView(ByteView footer, Verify verify) : footer_(footer) {
  if (footer.size() < k_footer_trailer_size) throw_corrupt("pack footer: truncated");
  const Trailer trailer = read_trailer(footer.last(k_footer_trailer_size));
  if (trailer.size != footer.size())
    throw_corrupt(fmt::format("pack footer: size {} differs from {} bytes given", trailer.size, footer.size()));
  if (verify == Verify::yes && footer_checksum(footer) != trailer.checksum)
    throw_corrupt("pack footer: checksum differs");
  count_ = trailer.entries;
  blocks_ = trailer.blocks;
}

FooterEntry FooterView::entry(std::size_t index) const {
  if (index >= count_) throw_bug("pack footer: entry index out of range");
  return read_entry(footer_.data() + index * k_entry_size, blocks_);
}

std::uint64_t FooterView::block_offset(std::size_t block) const {
  if (block >= blocks_) throw_bug("pack footer: block index out of range");
  return load_u64(footer_.data() + count_ * k_entry_size + block * k_offset_size);
}

std::optional<FooterEntry> FooterView::find(const ObjectKey& key) const {
  const SortedRecords records{footer_.data(), count_, k_entry_size};
  const std::size_t index = records.lower_bound(key);
  if (index == count_ || !records.equals(index, key)) return std::nullopt;
  return entry(index);
}

std::size_t FooterView::lower_bound(const ObjectKey& key) const {
  return SortedRecords{footer_.data(), count_, k_entry_size}.lower_bound(key);
}

}  // namespace store
