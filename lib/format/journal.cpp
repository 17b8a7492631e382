#include "format/journal.h"

#include "base/error.h"
#include "format/codec.h"
#include "format/file_header.h"
#include "format/index_codec.h"
#include "format/log_frame.h"

namespace store {
namespace {

constexpr std::string_view k_file_magic = "STOREJNL";
constexpr std::string_view k_record_magic = "STJR";
constexpr std::size_t k_usual_record = 256;  // bytes that hold nearly every one

// Do not renumber.
enum class RecordKind : std::uint8_t { file = 1, node = 2, target = 3, written = 4, rewrite = 5, discarded = 6 };
enum DiscardedBits : std::uint8_t { k_attributes = 1, k_wrote = 2, k_index_before = 4, k_all_discarded_bits = 7 };

void put_kind(ByteWriter& out, RecordKind kind) { out.u8(static_cast<std::uint8_t>(kind)); }

void put(Bytes& bytes, const JournalFile& record) {
  ByteWriter out(bytes);
  put_kind(out, RecordKind::file);
  put_index_record(record.entry, 0, bytes);
}

void put(Bytes& bytes, const JournalNode& record) {
  ByteWriter out(bytes);
  put_kind(out, RecordKind::node);
  put_text(out, record.path);
  out.u64(record.stat.size);
  put_i64(out, record.stat.mtime_ns);
  put_i64(out, record.stat.ctime_ns);
  out.u64(record.stat.inode);
  out.u64(record.stat.device);
  out.u32(record.parameters.min);
  out.u32(record.parameters.max);
  out.u64(record.parameters.threshold);
  out.u64(record.offset);
  out.u64(record.count);
  out.u64(record.bytes);
  put_id(out, record.id);
}

void put(Bytes& bytes, const JournalTarget& record) {
  ByteWriter out(bytes);
  put_kind(out, RecordKind::target);
  put_id(out, record.commit);
  put_text(out, record.operation);
  put_text(out, record.boot_id);
}

void put(Bytes& bytes, const JournalWritten& record) {
  ByteWriter out(bytes);
  put_kind(out, RecordKind::written);
  put_text(out, record.path);
  put_id(out, record.id);
}

void put(Bytes& bytes, const JournalRewrite& record) {
  ByteWriter out(bytes);
  put_kind(out, RecordKind::rewrite);
  put_text(out, record.path);
  put_id(out, record.from);
  put_id(out, record.to);
}

void put(Bytes& bytes, const JournalDiscarded& record) {
  ByteWriter out(bytes);
  put_kind(out, RecordKind::discarded);
  put_id(out, record.tree);
  out.u8(static_cast<std::uint8_t>((record.attributes ? k_attributes : 0) | (record.wrote ? k_wrote : 0) |
                                   (record.index_before ? k_index_before : 0)));
  if (record.attributes) put_id(out, *record.attributes);
  if (record.wrote) put_id(out, *record.wrote);
  if (record.index_before) put_id(out, *record.index_before);
}

JournalNode get_node(ByteReader& in) {
  JournalNode record;
  record.path = get_text(in);
  record.stat.size = in.u64();
  record.stat.mtime_ns = get_i64(in);
  record.stat.ctime_ns = get_i64(in);
  record.stat.inode = in.u64();
  record.stat.device = in.u64();
  record.parameters.min = in.u32();
  record.parameters.max = in.u32();
  record.parameters.threshold = in.u64();
  record.offset = in.u64();
  record.count = in.u64();
  record.bytes = in.u64();
  record.id = get_id(in);
  return record;
}

JournalTarget get_target(ByteReader& in) {
  JournalTarget record;
  record.commit = get_id(in);
  record.operation = get_text(in);
  record.boot_id = get_text(in);
  return record;
}

JournalWritten get_written(ByteReader& in) {
  JournalWritten record;
  record.path = get_text(in);
  record.id = get_id(in);
  return record;
}

JournalRewrite get_rewrite(ByteReader& in) {
  JournalRewrite record;
  record.path = get_text(in);
  record.from = get_id(in);
  record.to = get_id(in);
  return record;
}

JournalDiscarded get_discarded(ByteReader& in) {
  JournalDiscarded record;
  record.tree = get_id(in);
  const std::uint8_t ids = in.u8();
  if ((ids & ~k_all_discarded_bits) != 0) in.fail("unknown flags");
  if ((ids & k_attributes) != 0) record.attributes = get_id(in);
  if ((ids & k_wrote) != 0) record.wrote = get_id(in);
  if ((ids & k_index_before) != 0) record.index_before = get_id(in);
  return record;
}

JournalRecord get_record(ByteReader& in) {
  switch (static_cast<RecordKind>(in.u8())) {
    case RecordKind::file: {
      JournalFile file;
      get_index_record(in, {}, file.entry);
      return file;
    }
    case RecordKind::node: return get_node(in);
    case RecordKind::target: return get_target(in);
    case RecordKind::written: return get_written(in);
    case RecordKind::rewrite: return get_rewrite(in);
    case RecordKind::discarded: return get_discarded(in);
  }
  in.fail("unknown kind");
}

}  // namespace

Bytes encode_journal_header() { return encode_file_header(k_file_magic); }

std::size_t journal_header_size() { return k_file_header_size; }

void check_journal_header(ByteView bytes) { decode_file_header(bytes, k_file_magic, "journal"); }

void append_journal_record(const JournalRecord& record, Bytes& out) {
  Bytes payload;
  payload.reserve(k_usual_record);
  std::visit([&payload](const auto& value) { put(payload, value); }, record);
  append_log_frame(k_record_magic, payload, out);
}

std::optional<JournalStep> next_journal_record(ByteView bytes) {
  const std::optional<LogFrame> frame = read_log_frame(k_record_magic, bytes);
  if (!frame) return std::nullopt;
  try {
    ByteReader in(frame->payload, "journal record");
    JournalStep step{.record = get_record(in), .size = frame->size};
    in.expect_end();
    return step;
  } catch (const Error&) {
    // A journal only saves work: whatever cannot be read of it is done again.
    return std::nullopt;
  }
}

}  // namespace store
