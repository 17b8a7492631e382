#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/path.h"
#include "format/codec.h"
#include "format/file_header.h"
#include "format/index_codec.h"
#include "format/index_record.h"
#include "hash/checksum.h"

namespace store {
namespace {

constexpr std::string_view k_base_magic = "STOREIXB";
constexpr std::string_view k_trailer_magic = "STOREIXE";
constexpr std::uint8_t k_block_entries = 16;
constexpr std::size_t k_checksum_size = 8;
constexpr std::size_t k_offset_size = 8;
/// entries u64 ‖ blocks u64 ‖ magic ‖ checksum of offsets and trailer.
constexpr std::size_t k_trailer_size = 8 + 8 + 8 + k_checksum_size;
constexpr std::size_t k_no_shared = 0;

std::size_t shared_prefix(std::string_view a, std::string_view b) {
  return std::min<std::size_t>(common_length(a, b), std::numeric_limits<std::uint16_t>::max());
}

std::uint8_t get_count(ByteReader& in) {
  const std::uint8_t count = in.u8();
  if (count == 0 || count > k_block_entries) in.fail("bad number of entries");
  return count;
}

/// What a path shares with the one before it.
std::string_view get_prefix(ByteReader& in, std::string_view before) {
  const std::uint16_t shared = in.u16();
  if (shared > before.size()) in.fail("shared prefix exceeds the path before");
  return before.substr(0, shared);
}

}  // namespace

IndexBaseWriter::IndexBaseWriter(Write write) : write_(std::move(write)) {
  const Bytes header = encode_file_header(k_base_magic);
  write_(header);
  position_ = header.size();
}

void IndexBaseWriter::add(const IndexEntry& entry) {
  if (entry.removed) throw_bug("index.base: a removed entry");
  if (count_ > 0 && compare_paths(last_path_, entry.path) >= 0) throw_bug("index.base: paths do not ascend");
  if (in_block_ == 0) ByteWriter(block_).u8(0);  // the count, set at the block's end
  const std::size_t shared = in_block_ == 0 ? k_no_shared : shared_prefix(last_path_, entry.path);
  ByteWriter(block_).u16(static_cast<std::uint16_t>(shared));
  put_index_record(entry, shared, block_);
  last_path_ = entry.path;
  ++count_;
  if (++in_block_ == k_block_entries) end_block();
}

void IndexBaseWriter::end_block() {
  block_[0] = std::byte{in_block_};
  ByteWriter(block_).u64(xxh3(block_));
  offsets_.push_back(position_);
  write_(block_);
  position_ += block_.size();
  block_.clear();
  in_block_ = 0;
}

void IndexBaseWriter::finish() {
  if (in_block_ > 0) end_block();
  Bytes tail;
  ByteWriter out(tail);
  for (const std::uint64_t offset : offsets_) out.u64(offset);
  out.u64(count_);
  out.u64(offsets_.size());
  out.raw(k_trailer_magic);
  out.u64(xxh3(tail));
  write_(tail);
}

IndexBaseView::IndexBaseView(ByteView base) : base_(base) {
  if (base.empty()) return;
  decode_file_header(base, k_base_magic, "index.base");
  if (base.size() < k_file_header_size + k_trailer_size) throw_corrupt("index.base: truncated");
  ByteReader in(base.last(k_trailer_size), "index.base trailer");
  count_ = in.u64();
  const std::uint64_t blocks = in.u64();
  if (in.text(8) != k_trailer_magic) in.fail("wrong magic");
  const std::size_t room = base.size() - k_file_header_size - k_trailer_size;
  if (blocks > room / k_offset_size) in.fail("block count exceeds the file");
  blocks_ = static_cast<std::size_t>(blocks);
  offsets_at_ = base.size() - k_trailer_size - blocks_ * k_offset_size;
  const ByteView tail = base.subspan(offsets_at_);
  if (in.u64() != xxh3(tail.first(tail.size() - k_checksum_size))) in.fail("checksum differs");
  if (count_ > blocks * k_block_entries || (blocks_ == 0 && offsets_at_ != k_file_header_size))
    in.fail("counts differ from the file");
}

ByteView IndexBaseView::block(std::size_t index) const {
  const std::byte* offsets = base_.data() + offsets_at_;
  const std::uint64_t start = load_u64(offsets + index * k_offset_size);
  const std::uint64_t end = index + 1 == blocks_ ? offsets_at_ : load_u64(offsets + (index + 1) * k_offset_size);
  if (start < k_file_header_size || end > offsets_at_ || start >= end || end - start <= k_checksum_size)
    throw_corrupt(fmt::format("index.base: block {}: bad offset", index));
  const ByteView whole = base_.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start));
  const ByteView content = whole.first(whole.size() - k_checksum_size);
  if (load_u64(whole.data() + content.size()) != xxh3(content))
    throw_corrupt(fmt::format("index.base: block {}: checksum differs", index));
  return content;
}

std::string_view IndexBaseView::first_path(std::size_t index) const {
  ByteReader in(block(index), "index.base block");
  in.raw(1 + 2);
  const std::uint32_t length = in.u32();
  return in.text(length);
}

void IndexBaseView::Cursor::enter(std::size_t index) {
  const bool follows = entries_ > 0;
  if (follows) last_path_.swap(decoded_[entries_ - 1].path);
  entries_ = in_block_ = 0;
  block_ = index;
  if (index >= base_->blocks_) return;
  ByteReader in(base_->block(index), "index.base block");
  const std::uint8_t count = get_count(in);
  decoded_.resize(std::max<std::size_t>(decoded_.size(), count));
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view before = i == 0 ? std::string_view() : std::string_view(decoded_[i - 1].path);
    const std::string_view prefix = get_prefix(in, before);
    get_index_record(in, prefix, decoded_[i]);
    const bool first = i == 0 && !follows;
    const std::string_view previous = (i == 0 ? std::string_view(last_path_) : before).substr(prefix.size());
    const std::string_view path = std::string_view(decoded_[i].path).substr(prefix.size());
    if (!first && compare_paths(previous, path) >= 0) in.fail("paths do not ascend");
  }
  in.expect_end();
  entries_ = count;
}

void IndexBaseView::Cursor::next() {
  if (++in_block_ == entries_) enter(block_ + 1);
}

/// The last block whose first path is not above `path`: the first entry not below it is there or the next block's first.
std::size_t IndexBaseView::block_of(std::string_view path) const {
  std::size_t low = 0;
  std::size_t high = blocks_;
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    if (compare_paths(first_path(middle), path) <= 0)
      low = middle;
    else
      high = middle;
  }
  return low;
}

IndexBaseView::Cursor IndexBaseView::seek(std::string_view path) const {
  Cursor cursor;
  cursor.base_ = this;
  if (blocks_ == 0) return cursor;
  cursor.enter(block_of(path));
  while (!cursor.at_end() && compare_paths(cursor.entry().path, path) < 0) cursor.next();
  return cursor;
}

std::optional<IndexEntry> IndexBaseView::first_within(std::string_view path) const {
  if (blocks_ == 0) return {};
  for (std::size_t index = block_of(path); index < blocks_; ++index) {
    ByteReader in(block(index), "index.base block");
    std::string current;
    for (std::uint8_t left = get_count(in); left > 0; --left) {
      const std::size_t shared = get_prefix(in, current).size();
      current.resize(shared);
      ByteReader record = in;
      current += skip_index_record(in);
      if (compare_paths(current, path) < 0) continue;
      if (!is_within(current, path)) return {};
      IndexEntry entry;
      get_index_record(record, std::string_view(current).substr(0, shared), entry);
      return entry;
    }
  }
  return {};
}

}  // namespace store
