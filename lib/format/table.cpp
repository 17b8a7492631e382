#include "format/table.h"

#include <fmt/format.h>

#include <limits>

#include "base/error.h"
#include "format/bloom.h"
#include "format/codec.h"
#include "format/file_header.h"
#include "format/sorted_records.h"
#include "hash/checksum.h"

namespace store {
namespace {

constexpr std::string_view k_table_magic = "STORETAB";
constexpr std::size_t k_counts_size = 8 + 4 + 4;
constexpr std::size_t k_packs_offset = k_file_header_size + k_counts_size;
// Entry: id 32, type 1, flags 1, reserved 2, pack 4, block offset 4, ordinal 4.
constexpr std::size_t k_entry_size = 48;
constexpr std::size_t k_checksum_size = 8;
constexpr std::size_t k_flush_size = 256u << 10;

/// Bytes of zeros that bring the filter to a multiple of its line, so that a probe touches one.
std::size_t padding_at(std::uint64_t offset) {
  return static_cast<std::size_t>((k_bloom_line - offset % k_bloom_line) % k_bloom_line);
}

std::uint32_t filter_lines(std::uint64_t entries) {
  if (entries > std::numeric_limits<std::uint32_t>::max() * std::uint64_t{32})
    throw_bug("table: entry count exceeds 2^37");
  return static_cast<std::uint32_t>(bloom_lines(entries));
}

}  // namespace

TableWriter::TableWriter(std::vector<ObjectId> packs, std::uint64_t entry_count, Write write)
    : packs_(packs.size()),
      expected_(entry_count),
      filter_(filter_lines(entry_count) * k_bloom_line),
      write_(std::move(write)) {
  write_(encode_file_header(k_table_magic));
  ByteWriter out(pending_);
  out.u64(entry_count);
  out.u32(count_u32(packs.size()));
  out.u32(filter_lines(entry_count));
  for (const ObjectId& pack : packs) put_id(out, pack);
}

void TableWriter::flush() {
  checksum_.update(pending_);
  written_ += pending_.size();
  write_(pending_);
  pending_.clear();
}

void TableWriter::add(const TableEntry& entry) {
  if (added_ == expected_) throw_bug(fmt::format("table: more than {} entries", expected_));
  if (added_ > 0 && key_less(entry.key, last_)) throw_bug("table: entries do not ascend");
  if (entry.pack >= packs_) throw_bug("table: pack index exceeds the pack count");
  ByteWriter out(pending_);
  put_id(out, entry.key.id);
  out.u8(static_cast<std::uint8_t>(entry.key.type));
  out.u8(entry.flags);
  out.u16(0);
  out.u32(entry.pack);
  out.u32(entry.block_offset);
  out.u32(entry.ordinal);
  bloom_add(filter_, entry.key.id);
  last_ = entry.key;
  ++added_;
  if (pending_.size() >= k_flush_size) flush();
}

void TableWriter::finish() {
  if (added_ != expected_) throw_bug(fmt::format("table: {} entries instead of {}", added_, expected_));
  pending_.resize(pending_.size() + padding_at(k_file_header_size + written_ + pending_.size()));
  flush();
  pending_ = std::move(filter_);
  flush();
  Bytes checksum(k_checksum_size);
  store_u64(checksum.data(), checksum_.value());
  write_(checksum);
}

TableView::TableView(ByteView table, FooterView::Verify verify) : table_(table) {
  decode_file_header(table, k_table_magic, "table");
  ByteReader in(table, "table");
  in.raw(k_file_header_size);
  const std::uint64_t count = in.u64();
  const std::uint32_t packs = in.u32();
  const std::uint32_t lines = in.u32();
  // Each count by what is there, before sums that could overflow.
  const std::size_t size = table.size();
  if (count > size / k_entry_size || packs > size / sizeof(ObjectId::bytes) || lines > size / k_bloom_line ||
      (lines == 0 && count > 0))
    in.fail("counts exceed the file");
  count_ = static_cast<std::size_t>(count);
  entries_offset_ = k_packs_offset + packs * sizeof(ObjectId::bytes);
  const std::size_t entries_end = entries_offset_ + count_ * k_entry_size;
  const std::size_t filter_offset = entries_end + padding_at(entries_end);
  const std::size_t filter_end = filter_offset + lines * k_bloom_line;
  if (filter_end + k_checksum_size != size) in.fail("size differs from the counts");
  if (verify == FooterView::Verify::yes &&
      load_u64(table.data() + filter_end) != xxh3(table.subspan(k_file_header_size, filter_end - k_file_header_size)))
    in.fail("checksum differs");
  filter_ = table.subspan(filter_offset, filter_end - filter_offset);
  packs_.resize(packs);
  for (ObjectId& pack : packs_) pack = get_id(in);
}

TableEntry TableView::entry(std::size_t index) const {
  if (index >= count_) throw_bug("table: entry index out of range");
  ByteReader in(table_.subspan(entries_offset_ + index * k_entry_size, k_entry_size), "table entry");
  TableEntry entry;
  entry.key.id = get_id(in);
  const std::uint8_t type = in.u8();
  entry.flags = in.u8();
  const std::uint16_t reserved = in.u16();
  entry.pack = in.u32();
  entry.block_offset = in.u32();
  entry.ordinal = in.u32();
  if (!is_object_type(type)) in.fail("unknown object type");
  if ((entry.flags & ~k_flag_delta) != 0 || reserved != 0) in.fail("unknown flags");
  if (entry.pack >= packs_.size()) in.fail("pack index exceeds the pack count");
  if (entry.ordinal >= k_max_block_objects) in.fail("ordinal exceeds 65535");
  entry.key.type = static_cast<ObjectType>(type);
  return entry;
}

std::optional<TableEntry> TableView::find(const ObjectKey& key) const {
  if (count_ == 0 || !bloom_may_contain(filter_, key.id)) return std::nullopt;
  const std::size_t index = lower_bound(key);
  const SortedRecords records{table_.data() + entries_offset_, count_, k_entry_size};
  if (index == count_ || !records.equals(index, key)) return std::nullopt;
  return entry(index);
}

std::size_t TableView::lower_bound(const ObjectKey& key) const {
  return SortedRecords{table_.data() + entries_offset_, count_, k_entry_size}.lower_bound(key);
}

}  // namespace store
