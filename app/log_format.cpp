#include "app/log_format.h"

#include <algorithm>
#include <utility>

#include "app/text_fill.h"
#include "base/date.h"
#include "base/error.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::string_view k_meta = "meta.";

bool is_field(std::string_view name) {
  for (const std::string_view field : {"id", "short", "time", "author", "subject"})
    if (name == field) return true;
  return name.size() > k_meta.size() && name.starts_with(k_meta);
}

std::string field_text(const std::string& field, const ObjectId& id, const Commit& commit) {
  if (field == "id") return id.hex();
  if (field == "short") return id.short_hex();
  if (field == "time") return format_utc(commit.time.seconds);  // for programs: of no zone, of no locale
  if (field == "author") return shown_author(commit.author);
  if (field == "subject") return shown_text(commit.subject());
  const auto found = commit.meta.find(field.substr(k_meta.size()));
  return found == commit.meta.end() ? std::string() : shown_text(found->second);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

LogFormat::LogFormat(std::string_view text) {
  std::string literal;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view pair = text.substr(at, 2);
    if (pair == "{{" || pair == "}}") {
      literal += text[at];
      at += 2;
      continue;
    }
    if (text[at] != '{') {
      literal += text[at++];
      continue;
    }
    const std::size_t close = text.find('}', at);
    const std::string name(text.substr(at + 1, close == text.npos ? text.npos : close - at - 1));
    if (close == text.npos || !is_field(name))
      throw Error(ErrorKind::usage, "--format: {" + escape_name(name) + (close == text.npos ? "" : "}") + ": is no field",
                  "{id} {short} {time} {author} {subject} {meta.KEY}");
    parts_.push_back({false, std::exchange(literal, {})});
    parts_.push_back({true, name});
    at = close + 1;
  }
  parts_.push_back({false, literal});
}

std::string LogFormat::apply(const ObjectId& id, const Commit& commit) const {
  std::string out;
  for (const Part& part : parts_) out += part.field ? field_text(part.text, id, commit) : part.text;
  return out;
}

std::string shown_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t tab = std::min(text.find('\t', at), text.size());
    out += escape_name(text.substr(at, tab - at));
    if (tab < text.size()) out += '\t';
    at = tab + 1;
  }
  return out;
}

std::string shown_author(const Identity& author) {
  return shown_text(author.name) + " <" + shown_text(author.email) + ">";
}

std::vector<std::string> commit_lines(const ObjectId& id, const Commit& commit, bool color, std::optional<std::size_t> window) {
  std::vector<std::string> lines;
  constexpr std::string_view k_head = "commit ";
  const std::size_t columns = window.value_or(~std::size_t{0});
  const std::size_t digits = std::clamp<std::size_t>(columns - std::min(columns, k_head.size()), id.short_hex().size(), id.hex().size());
  const std::string head = std::string(k_head) + id.hex().substr(0, digits);
  const auto add = [&](const std::string& text) {
    const std::string folded = fold(text, columns);
    for (const std::string_view line : lines_of(folded)) lines.emplace_back(line);
  };
  lines.push_back(color ? "\x1b[33m" + head + "\x1b[0m" : head);
  if (commit.parents.size() > 1) {
    std::string merge = "Merge:";
    for (const ObjectId& parent : commit.parents) merge += " " + parent.short_hex();
    add(merge);
  }
  add("Author: " + shown_author(commit.author));
  add("Date:   " + format_local(commit.time.seconds));
  for (const auto& [key, value] : commit.meta) add("Meta:   " + key + "=" + shown_text(value));
  lines.emplace_back();
  for (const std::string_view line : lines_of(commit.message))
    lines.push_back(line.empty() ? std::string() : "    " + shown_text(line));
  return lines;
}

void write_commit(JsonWriter& json, const ObjectId& id, const Commit& commit) {
  json.field("id", id);
  json.field("tree", commit.tree);
  json.key("parents").begin_array();
  for (const ObjectId& parent : commit.parents) json.value(parent);
  json.end();
  json.key("author").begin_object();
  json.field("name", commit.author.name);
  json.field("email", commit.author.email);
  json.end();
  json.field("time", format_utc(commit.time.seconds));
  json.field("message", commit.message);
  json.key("meta").begin_object();
  for (const auto& [key, value] : commit.meta) json.field(key, value);
  json.end();
}

}  // namespace store
