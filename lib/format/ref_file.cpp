#include <fmt/format.h>

#include "base/error.h"
#include "format/codec.h"
#include "format/refs.h"
#include "format/text_record.h"

namespace store {
namespace {

std::string compose(std::string_view name, const RefValue& value) {
  TextRecordWriter out("ref");
  out.line("name", name);
  if (value.id)
    out.line("commit", value.id->hex());
  else
    out.line("branch", value.branch);
  return out.finish();
}

}  // namespace

Bytes encode_ref(std::string_view name, const RefValue& value) {
  if (name.empty()) throw_bug("ref: empty name");
  if (value.id.has_value() == !value.branch.empty())
    throw_bug(fmt::format("ref {}: needs an id or a branch, one of them", name));
  const std::string text = compose(name, value);
  const ByteView bytes = as_bytes(text);
  return Bytes(bytes.begin(), bytes.end());
}

RefValue decode_ref(std::string_view name, ByteView bytes) {
  TextRecordReader in("ref", fmt::format("ref {}", name), as_text(bytes));
  const std::string stored = in.line("name");
  if (stored != name) in.fail(fmt::format("the file is for {}", stored));
  RefValue value;
  if (in.next_is("commit")) {
    value.id = ObjectId::from_hex(in.line("commit"));
    if (!value.id) in.fail("malformed id");
  } else {
    value.branch = in.line("branch");
    if (value.branch.empty()) in.fail("empty branch");
  }
  in.expect_end();
  return value;
}

}  // namespace store
