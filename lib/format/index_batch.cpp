#include "base/error.h"
#include "format/codec.h"
#include "format/file_header.h"
#include "format/index_codec.h"
#include "format/index_record.h"

namespace store {
namespace {

constexpr std::string_view k_batch_magic = "STOREIXL";
// Before each record, and before the end mark's count. Do not renumber.
constexpr std::uint8_t k_record_tag = 1;
constexpr std::uint8_t k_end_tag = 0;

/// The batch's records, with `in` left before the checksum; nothing if the shape is not a batch's.
std::optional<IndexBatch> scan_batch(ByteReader& in, ByteView bytes) {
  IndexBatch batch;
  while (true) {
    const std::uint8_t tag = in.u8();
    if (tag == k_end_tag) break;
    if (tag != k_record_tag) return std::nullopt;
    const std::size_t start = in.offset();
    const std::string_view path = skip_index_record(in);
    batch.records.emplace_back(path, bytes.subspan(start, in.offset() - start));
  }
  if (in.u64() != batch.records.size()) return std::nullopt;
  return batch;
}

}  // namespace

IndexBatchWriter::IndexBatchWriter(Bytes& out) : out_(out) {
  const Bytes header = encode_file_header(k_batch_magic);
  out_.insert(out_.end(), header.begin(), header.end());
}

void IndexBatchWriter::seal(std::size_t from) { checksum_.update(ByteView(out_).subspan(from)); }

void IndexBatchWriter::add(const IndexEntry& entry) {
  const std::size_t start = out_.size();
  ByteWriter(out_).u8(k_record_tag);
  append_index_record(entry, out_);
  seal(start);
  ++count_;
}

void IndexBatchWriter::finish() {
  const std::size_t start = out_.size();
  ByteWriter out(out_);
  out.u8(k_end_tag);
  out.u64(count_);
  seal(start);
  out.u64(checksum_.value());
}

std::optional<IndexBatch> read_index_batch(ByteView bytes) {
  try {
    decode_file_header(bytes, k_batch_magic, "index.log");
    ByteReader in(bytes, "index.log");
    in.raw(k_file_header_size);
    std::optional<IndexBatch> batch = scan_batch(in, bytes);
    if (!batch) return std::nullopt;
    Xxh3Stream checksum;
    checksum.update(bytes.subspan(k_file_header_size, in.offset() - k_file_header_size));
    if (in.u64() != checksum.value()) return std::nullopt;
    batch->size = in.offset();
    return batch;
  } catch (const Error& error) {
    // A torn batch may end anywhere, and then does not exist.
    if (error.kind() == ErrorKind::corrupt) return std::nullopt;
    throw;
  }
}

std::size_t find_index_batch(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  for (std::size_t at = text.find(k_batch_magic); at != std::string_view::npos; at = text.find(k_batch_magic, at + 1))
    if (read_index_batch(bytes.subspan(at))) return at;
  return bytes.size();
}

}  // namespace store
