#include "format/merge_record.h"

#include "format/codec.h"
#include "format/text_record.h"

namespace store {
namespace {

struct Code {
  MergeConflict conflict;
  std::string_view letters;
};
constexpr Code k_codes[] = {{MergeConflict::both_modified, "UU"},
                            {MergeConflict::both_added, "AA"},
                            {MergeConflict::deleted_by_us, "DU"},
                            {MergeConflict::deleted_by_them, "UD"},
                            {MergeConflict::file_directory, "FD"}};
constexpr std::string_view k_open = "conflict";
constexpr std::string_view k_resolved = "resolved";
constexpr std::string_view k_beside = "beside";
constexpr std::size_t k_letters = 2;

std::string_view letters_of(MergeConflict conflict) {
  for (const Code& code : k_codes)
    if (code.conflict == conflict) return code.letters;
  throw_bug("merge record: a conflict of no kind");
}

ObjectId id_line(TextRecordReader& in, std::string_view key) {
  const std::optional<ObjectId> id = ObjectId::from_hex(in.line(key));
  if (!id) in.fail("malformed id");
  return *id;
}

ConflictRecord conflict_lines(TextRecordReader& in) {
  ConflictRecord record;
  record.resolved = in.next_is(k_resolved);
  const std::string text = in.line(record.resolved ? k_resolved : k_open);
  for (const Code& code : k_codes)
    if (text.starts_with(code.letters)) record.conflict = code.conflict;
  if (record.conflict == MergeConflict::none || text.size() <= k_letters + 1 || text[k_letters] != ' ')
    in.fail("malformed conflict");
  record.path = text.substr(k_letters + 1);
  if (!in.next_is(k_beside)) return record;
  record.beside = in.line(k_beside);
  if (record.beside.empty()) in.fail("malformed beside");
  return record;
}

}  // namespace

Bytes encode_merge_record(const MergeRecord& record) {
  TextRecordWriter out("merge");
  out.line("ours", record.ours.hex());
  out.line("theirs", record.theirs.hex());
  out.line("label", record.label);
  out.line("message", record.message);
  for (const ConflictRecord& conflict : record.conflicts) {
    out.line(conflict.resolved ? k_resolved : k_open,
             std::string(letters_of(conflict.conflict)) + " " + conflict.path);
    if (!conflict.beside.empty()) out.line(k_beside, conflict.beside);
  }
  const std::string text = out.finish();
  const ByteView bytes = as_bytes(text);
  return Bytes(bytes.begin(), bytes.end());
}

MergeRecord decode_merge_record(ByteView bytes) {
  TextRecordReader in("merge", "merge", as_text(bytes));
  MergeRecord record;
  record.ours = id_line(in, "ours");
  record.theirs = id_line(in, "theirs");
  record.label = in.line("label");
  record.message = in.line("message");
  while (in.next_is(k_open) || in.next_is(k_resolved)) record.conflicts.push_back(conflict_lines(in));
  in.expect_end();
  return record;
}

}  // namespace store
