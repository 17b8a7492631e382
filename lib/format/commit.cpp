#include "format/commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "format/codec.h"
#include "hash/sha256.h"

namespace store {
namespace {

constexpr std::string_view k_commit_domain{"store.commit.v1\0", 16};
constexpr std::size_t k_max_meta_key = 64;

/// Keys are [a-z0-9._-]{1,64}.
bool is_meta_key(std::string_view key) {
  return !key.empty() && key.size() <= k_max_meta_key &&
         key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

/// Why a commit cannot be written, or nothing.
std::string_view fault_of(const Commit& commit) {
  if (commit.tree.is_zero()) return "no tree";
  if (commit.attributes && commit.attributes->is_zero()) return "attributes id is zero";
  if (commit.parents.size() > k_max_parents) return "more than 64 parents";
  std::vector<ObjectId> sorted = commit.parents;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return "a parent stands twice";
  if (!sorted.empty() && sorted.front().is_zero()) return "parent id is zero";
  if (commit.time.zone_minutes <= -24 * 60 || commit.time.zone_minutes >= 24 * 60) return "zone out of range";
  for (const auto& [key, value] : commit.meta)
    if (!is_meta_key(key)) return "meta key is not [a-z0-9._-]{1,64}";
  return {};
}

std::string compose(const Commit& commit) {
  std::string text = fmt::format("tree {}\n", commit.tree.hex());
  if (commit.attributes) text += fmt::format("attributes {}\n", commit.attributes->hex());
  for (const ObjectId& parent : commit.parents) text += fmt::format("parent {}\n", parent.hex());
  text += fmt::format("author {} <{}>\n", percent_escape(commit.author.name, Angles::escape),
                      percent_escape(commit.author.email, Angles::escape));
  text += fmt::format("time {} {}\n", commit.time.seconds, format_zone(commit.time.zone_minutes));
  for (const auto& [key, value] : commit.meta)
    text += fmt::format("meta {}={}\n", key, percent_escape(value, Angles::keep));
  text += '\n';
  text += commit.message;
  return text;
}

[[noreturn]] void fail(std::string_view what) { throw_corrupt(fmt::format("commit: {}", what)); }

/// Takes "key value\n" from the front, or nothing if the first line has another key.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view key) {
  if (!text.starts_with(key) || text.size() == key.size() || text[key.size()] != ' ') return std::nullopt;
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) fail("line without end");
  const std::string_view value = text.substr(key.size() + 1, end - key.size() - 1);
  text.remove_prefix(end + 1);
  return value;
}

std::optional<ObjectId> take_id(std::string_view& text, std::string_view key) {
  const std::optional<std::string_view> value = take_line(text, key);
  if (!value) return std::nullopt;
  const std::optional<ObjectId> id = ObjectId::from_hex(*value);
  if (!id) fail(fmt::format("{} is not an id", key));
  return id;
}

std::string unescape(std::string_view text) {
  std::optional<std::string> plain = percent_unescape(text);
  if (!plain) fail("malformed escape");
  return std::move(*plain);
}

Identity parse_author(std::string_view value) {
  const std::size_t open = value.find(" <");
  if (open == std::string_view::npos || !value.ends_with('>')) fail("malformed author");
  return {.name = unescape(value.substr(0, open)),
          .email = unescape(value.substr(open + 2, value.size() - open - 3))};
}

Timestamp parse_time(std::string_view value) {
  Timestamp time;
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos) fail("malformed time");
  const auto [end, error] = std::from_chars(value.data(), value.data() + space, time.seconds);
  if (error != std::errc{} || end != value.data() + space) fail("malformed time");
  const std::optional<int> zone = parse_zone(value.substr(space + 1));
  if (!zone) fail("malformed zone");
  time.zone_minutes = *zone;
  return time;
}

void parse_meta(std::string_view& text, Commit& commit) {
  std::string last;
  while (const std::optional<std::string_view> line = take_line(text, "meta")) {
    const std::size_t equals = line->find('=');
    if (equals == std::string_view::npos) fail("malformed meta");
    std::string key(line->substr(0, equals));
    if (!is_meta_key(key) || key <= last) fail("meta keys do not ascend");
    commit.meta.emplace(key, unescape(line->substr(equals + 1)));
    last = std::move(key);
  }
}

}  // namespace

std::string_view Commit::subject() const { return std::string_view(message).substr(0, message.find('\n')); }

std::string encode_commit(const Commit& commit) {
  if (const std::string_view fault = fault_of(commit); !fault.empty())
    throw Error(ErrorKind::usage, fmt::format("commit: {}", fault));
  std::string text = compose(commit);
  if (text.size() > k_max_commit_text)
    throw Error(ErrorKind::usage, fmt::format("commit: text of {} bytes exceeds {}", text.size(), k_max_commit_text));
  return text;
}

Commit decode_commit(std::string_view text) {
  if (text.size() > k_max_commit_text) fail("text exceeds 1 MiB");
  std::string_view rest = text;
  Commit commit;
  const std::optional<ObjectId> tree = take_id(rest, "tree");
  if (!tree) fail("no tree");
  commit.tree = *tree;
  commit.attributes = take_id(rest, "attributes");
  while (const std::optional<ObjectId> parent = take_id(rest, "parent")) commit.parents.push_back(*parent);
  const std::optional<std::string_view> author = take_line(rest, "author");
  if (!author) fail("no author");
  commit.author = parse_author(*author);
  const std::optional<std::string_view> time = take_line(rest, "time");
  if (!time) fail("no time");
  commit.time = parse_time(*time);
  parse_meta(rest, commit);
  if (rest.starts_with("signature "))
    throw Error(ErrorKind::newer_format, "commit: signatures are not known to this version");
  if (!rest.starts_with('\n')) fail("unexpected line");
  commit.message = rest.substr(1);
  if (const std::string_view fault = fault_of(commit); !fault.empty()) fail(fault);
  // Whatever else a writer may vary (zeros before numbers, needless escapes) shows here.
  if (compose(commit) != text) fail("not in canonical form");
  return commit;
}

ObjectId commit_id(std::string_view text) {
  const ByteView parts[] = {as_bytes(k_commit_domain), as_bytes(text)};
  return sha256(parts);
}

}  // namespace store
