#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/date.h"
#include "base/object_id.h"

namespace store {

/// A ref's file: name, value and a checksum over all of it. HEAD may hold a branch's full name instead of an id.
/// Branches and tags: "refs/heads/X", "refs/tags/X".
struct RefValue {
  std::optional<ObjectId> id;  // a commit
  std::string branch;          // HEAD only: "refs/heads/X" when on a branch
  bool operator==(const RefValue&) const = default;
};
Bytes encode_ref(std::string_view name, const RefValue& value);
/// Error{corrupt} unless the file is for `name` and its checksum holds.
RefValue decode_ref(std::string_view name, ByteView bytes);

/// One step of history of refs. `old_value`/`new_value` absent: the ref did not / does no longer exist.
struct RefChange {
  std::string name;
  std::optional<RefValue> old_value;
  std::optional<RefValue> new_value;
  bool operator==(const RefChange&) const = default;
};
struct OplogRecord {
  std::vector<RefChange> changes;
  std::optional<ObjectId> index_before;  // tree of the index
  std::optional<ObjectId> index_after;
  std::optional<ObjectId> discarded;     // tree of the bytes the operation overwrote
  std::optional<ObjectId> discarded_attributes;  // and of what they had beside; never without that tree
  std::optional<ObjectId> brought_back;  // of a record that takes another one back: the bytes that the other one had discarded
  std::string command;                   // its command line
  Timestamp time;
  bool operator==(const OplogRecord&) const = default;
};
extern const std::size_t k_oplog_header_size;
Bytes encode_oplog_header();
void check_oplog_header(ByteView bytes);
Bytes encode_oplog_record(const OplogRecord& record);
struct OplogStep {
  OplogRecord record;
  ObjectId digest;  // SHA-256 of the record's bytes
  ObjectId id;      // oplog_record_id(): two records may have the same bytes
  std::size_t size = 0;
};
/// `offset`: where `bytes` begin in the log.
std::optional<OplogStep> next_oplog_record(ByteView bytes, std::uint64_t offset, bool& torn);
/// Where in a damaged log the first whole record begins, the size of `bytes` if there is none.
std::size_t find_oplog_record(ByteView bytes);
/// SHA-256 of digest ‖ offset.
ObjectId oplog_record_id(const ObjectId& digest, std::uint64_t offset);

}  // namespace store
