#include "base/error.h"
#include "format/codec.h"
#include "format/file_header.h"
#include "format/log_frame.h"
#include "format/refs.h"
#include "hash/sha256.h"

namespace store {
namespace {

constexpr std::string_view k_file_magic = "STOREOPL";
constexpr std::string_view k_record_magic = "STOL";
// Do not renumber.
enum class ValueKind : std::uint8_t { absent = 0, commit = 1, branch = 2 };
enum IdBits : std::uint8_t {
  k_index_before = 1,
  k_index_after = 2,
  k_discarded = 4,
  k_discarded_attributes = 8,
  k_brought_back = 16,
  k_all_ids = 31,
};
constexpr std::size_t k_min_change_size = 4 + 1 + 1;

void put_value(ByteWriter& out, const std::optional<RefValue>& value) {
  if (!value) {
    out.u8(static_cast<std::uint8_t>(ValueKind::absent));
  } else if (value->id) {
    out.u8(static_cast<std::uint8_t>(ValueKind::commit));
    put_id(out, *value->id);
  } else {
    out.u8(static_cast<std::uint8_t>(ValueKind::branch));
    put_text(out, value->branch);
  }
}

std::optional<RefValue> get_value(ByteReader& in) {
  switch (static_cast<ValueKind>(in.u8())) {
    case ValueKind::absent: return std::nullopt;
    case ValueKind::commit: return RefValue{.id = get_id(in), .branch = {}};
    case ValueKind::branch: return RefValue{.id = std::nullopt, .branch = get_text(in)};
  }
  in.fail("unknown kind of ref value");
}

void put_optional_id(ByteWriter& out, const std::optional<ObjectId>& id) {
  if (id) put_id(out, *id);
}

std::uint8_t id_bits(const OplogRecord& record) {
  return static_cast<std::uint8_t>((record.index_before ? k_index_before : 0) |
                                   (record.index_after ? k_index_after : 0) | (record.discarded ? k_discarded : 0) |
                                   (record.discarded_attributes ? k_discarded_attributes : 0) |
                                   (record.brought_back ? k_brought_back : 0));
}

OplogRecord get_record(ByteReader& in) {
  OplogRecord record;
  record.time.seconds = get_i64(in);
  record.time.zone_minutes = static_cast<std::int16_t>(in.u16());
  record.command = get_text(in);
  const std::uint8_t ids = in.u8();
  if ((ids & ~k_all_ids) != 0) in.fail("unknown flags");
  if ((ids & k_index_before) != 0) record.index_before = get_id(in);
  if ((ids & k_index_after) != 0) record.index_after = get_id(in);
  if ((ids & k_discarded) != 0) record.discarded = get_id(in);
  if ((ids & k_discarded_attributes) != 0) {
    if (!record.discarded) in.fail("attributes of no tree");
    record.discarded_attributes = get_id(in);
  }
  if ((ids & k_brought_back) != 0) record.brought_back = get_id(in);
  record.changes.resize(get_count(in, k_min_change_size));
  for (RefChange& change : record.changes) {
    change.name = get_text(in);
    change.old_value = get_value(in);
    change.new_value = get_value(in);
  }
  in.expect_end();
  return record;
}

}  // namespace

const std::size_t k_oplog_header_size = k_file_header_size;

Bytes encode_oplog_header() { return encode_file_header(k_file_magic); }

void check_oplog_header(ByteView bytes) { decode_file_header(bytes, k_file_magic, "oplog"); }

Bytes encode_oplog_record(const OplogRecord& record) {
  Bytes payload;
  ByteWriter out(payload);
  put_i64(out, record.time.seconds);
  out.u16(static_cast<std::uint16_t>(record.time.zone_minutes));
  put_text(out, record.command);
  out.u8(id_bits(record));
  put_optional_id(out, record.index_before);
  put_optional_id(out, record.index_after);
  put_optional_id(out, record.discarded);
  put_optional_id(out, record.discarded_attributes);
  put_optional_id(out, record.brought_back);
  out.u32(count_u32(record.changes.size()));
  for (const RefChange& change : record.changes) {
    put_text(out, change.name);
    put_value(out, change.old_value);
    put_value(out, change.new_value);
  }
  Bytes bytes;
  append_log_frame(k_record_magic, payload, bytes);
  return bytes;
}

ObjectId oplog_record_id(const ObjectId& digest, std::uint64_t offset) {
  Bytes bytes;
  ByteWriter out(bytes);
  put_id(out, digest);
  out.u64(offset);
  return sha256(bytes);
}

std::size_t find_oplog_record(ByteView bytes) { return find_log_frame(k_record_magic, bytes); }

std::optional<OplogStep> next_oplog_record(ByteView bytes, std::uint64_t offset, bool& torn) {
  const std::optional<LogFrame> frame = next_log_frame(k_record_magic, bytes, torn, "oplog");
  if (!frame) return std::nullopt;
  ByteReader in(frame->payload, "oplog record");
  const ObjectId digest = sha256(bytes.first(frame->size));
  return OplogStep{.record = get_record(in), .digest = digest, .id = oplog_record_id(digest, offset), .size = frame->size};
}

}  // namespace store
