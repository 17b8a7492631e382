#include <fmt/format.h>

#include <charconv>

#include "format/journal.h"
#include "format/text_record.h"

namespace store {
namespace {

std::int64_t number_line(TextRecordReader& in, std::string_view key) {
  const std::string text = in.line(key);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || fmt::to_string(value) != text) in.fail(fmt::format("malformed {}", key));
  return value;
}

}  // namespace

Bytes encode_session_info(const SessionInfo& info) {
  TextRecordWriter out("session");
  out.line("host", info.host);
  out.line("pid", fmt::to_string(info.pid));
  out.line("command", info.command);
  out.line("start", fmt::to_string(info.start));
  const std::string text = out.finish();
  const ByteView bytes = as_bytes(text);
  return Bytes(bytes.begin(), bytes.end());
}

SessionInfo decode_session_info(ByteView bytes) {
  TextRecordReader in("session", "session info", as_text(bytes));
  SessionInfo info;
  info.host = in.line("host");
  info.pid = number_line(in, "pid");
  info.command = in.line("command");
  info.start = number_line(in, "start");
  in.expect_end();
  return info;
}

}  // namespace store
