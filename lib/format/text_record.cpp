#include "format/text_record.h"

#include <fmt/format.h>

#include "base/error.h"
#include "format/codec.h"
#include "hash/checksum.h"

namespace store {
namespace {

constexpr std::string_view k_checksum_key = "checksum ";
constexpr std::size_t k_checksum_line = k_checksum_key.size() + 16 + 1;
constexpr std::string_view k_version = "1";

std::string checksum_line(std::string_view text) {
  return fmt::format("{}{:016x}\n", k_checksum_key, xxh3(as_bytes(text)));
}

}  // namespace

TextRecordWriter::TextRecordWriter(std::string_view kind) : text_(fmt::format("store {} v{}\n", kind, k_version)) {}

void TextRecordWriter::line(std::string_view key, std::string_view value) {
  text_ += fmt::format("{} {}\n", key, percent_escape(value, Angles::keep));
}

std::string TextRecordWriter::finish() { return text_ + checksum_line(text_); }

TextRecordReader::TextRecordReader(std::string_view kind, std::string what, std::string_view text)
    : what_(std::move(what)), rest_(text) {
  if (text.size() < k_checksum_line) fail("truncated");
  rest_.remove_suffix(k_checksum_line);
  if (text.substr(rest_.size()) != checksum_line(rest_)) fail("checksum differs");
  const std::string start = fmt::format("store {} v", kind);
  const std::size_t end = rest_.find('\n');
  if (!rest_.starts_with(start) || end == std::string_view::npos) fail("malformed first line");
  const std::string_view version = rest_.substr(start.size(), end - start.size());
  if (version != k_version) throw Error(ErrorKind::newer_format, fmt::format("{}: unknown version {}", what_, version));
  rest_.remove_prefix(end + 1);
}

bool TextRecordReader::next_is(std::string_view key) const {
  return rest_.starts_with(key) && rest_.size() > key.size() && rest_[key.size()] == ' ';
}

std::string TextRecordReader::line(std::string_view key) {
  if (!next_is(key)) fail(fmt::format("no line {}", key));
  const std::size_t end = rest_.find('\n');
  if (end == std::string_view::npos) fail("line without end");
  const std::string_view escaped = rest_.substr(key.size() + 1, end - key.size() - 1);
  std::optional<std::string> value = percent_unescape(escaped);
  if (!value || percent_escape(*value, Angles::keep) != escaped) fail("malformed escape");
  rest_.remove_prefix(end + 1);
  return std::move(*value);
}

void TextRecordReader::expect_end() const {
  if (!rest_.empty()) fail("unexpected line");
}

void TextRecordReader::fail(std::string_view message) const {
  throw_corrupt(fmt::format("{}: {}", what_, message));
}

}  // namespace store
