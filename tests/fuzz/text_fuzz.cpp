// Texts that people type, and texts that are shown to them: names, sizes, durations, ranges, zones, words.
#include <nlohmann/json.hpp>

#include "app/json_writer.h"
#include "app/log_format.h"
#include "app/quote.h"
#include "base/path.h"
#include "base/ref_name.h"
#include "base/shell_quote.h"
#include "base/text.h"
#include "fuzz/target.h"
#include "ops/cat.h"

namespace {

using namespace store;

/// What a terminal might obey: none of it may be printed.
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// C1 controls are two bytes in UTF-8: C2 80 … C2 9F.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_control(text[i])) return true;
    if (text[i] == '\xc2' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

/// Tabs are kept in messages and authors.
std::string without_tabs(std::string text) {
  std::erase(text, '\t');
  return text;
}

void shown(ByteView input) {
  const std::string text(as_text(input));
  const std::string author = shown_author({.name = text, .email = text});
  for (const std::string& printed : {escape_name(text), without_tabs(author), without_tabs(shown_text(text))})
    fuzz::require(!has_control(printed) && is_valid_utf8(printed));
  for (const char c : c_quoted(text)) fuzz::require(!is_control(c));
  (void)shell_quoted(text);
}

/// What the writer makes, another program's parser reads back as it was.
void json(ByteView input) {
  const std::string_view text = as_text(input);
  StringSink sink;
  JsonWriter writer(sink);
  writer.begin_object();
  writer.path_field("path", text);
  writer.list_field("list", {std::string(text), "x"});
  writer.end();
  fuzz::require(!has_control(sink.text()));
  const nlohmann::json parsed = nlohmann::json::parse(sink.text());
  fuzz::require(parsed.contains("path_base64") != is_valid_utf8(text));
  if (is_valid_utf8(text)) fuzz::require(parsed["path"] == std::string(text));
  else fuzz::require(parsed["path_base64"] == base64(text));
}

/// Of names the rules that safety rests on are looked at once more, by other means.
void names(ByteView input) {
  const std::string_view text = as_text(input);
  if (is_valid_ref_name(text)) {
    fuzz::require(!text.empty() && text.front() != '/' && text.back() != '/' && text.front() != '-');
    fuzz::require(text.find("..") == text.npos && text.find("//") == text.npos && text.find('\0') == text.npos);
    for (const char c : text) fuzz::require(!is_control(c));
  }
  if (name_fault(text).empty()) {
    fuzz::require(!text.empty() && text != "." && text != ".." && text.size() <= 255);
    fuzz::require(text.find('/') == text.npos && text.find('\0') == text.npos && !is_repository_name(text));
  }
  std::string_view rest = text;
  const std::string_view base = fuzz::take_text(rest);
  std::string path;
  if (base.find("..") == base.npos && normalise_path("", base, path) && normalise_path(std::string(path), rest, path)) {
    fuzz::require(path.empty() || path.front() != '/');
    fuzz::require(path != ".." && path.substr(0, 3) != "../" && path.find("/../") == path.npos);
  }
}

void values(ByteView input) {
  const std::string_view text = as_text(input);
  if (const auto size = parse_size(text)) fuzz::require(*size <= ~0ULL >> 1);
  (void)parse_duration_ms(text);
  (void)nearest_match(text.substr(0, 200), {"add", "commit", "checkout"});
  fuzz::answers({ErrorKind::usage}, [&] {
    const RangeRequest range = parse_range(text);
    fuzz::require(range.suffix.has_value() != range.first.has_value());
    if (range.last) fuzz::require(*range.first <= *range.last);
  });
  fuzz::answers({ErrorKind::usage}, [&] { (void)LogFormat(text).apply({}, {}); });
}

const fuzz::Enter k_shown("shown-text", shown);
const fuzz::Enter k_json("json", json);
const fuzz::Enter k_names("names", names);
const fuzz::Enter k_values("values", values);

}  // namespace
