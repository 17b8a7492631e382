#include "ops/cat.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "ops/tree_reader.h"
#include "pipeline/read_stream.h"

namespace store {
namespace {

struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty()) return {};
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return {};
    // Positions past any file stay past any file.
    if (value < k_max_content_bytes / 10) value = value * 10 + static_cast<std::uint64_t>(c - '0');
    else value = k_max_content_bytes;
  }
  return value;
}

[[noreturn]] void throw_unsatisfiable(const std::string& name, std::uint64_t size) {
  throw Error(ErrorKind::not_found, fmt::format("{}: range starts at or past its end at {}", name, size));
}

/// RFC 7233 §2.1: an end past the end is cut, a start there cannot be satisfied; a suffix may be longer than the file.
ByteRange resolve(const std::optional<RangeRequest>& request, std::uint64_t size, const std::string& name) {
  if (!request) return {0, size};
  if (request->suffix) {
    if (*request->suffix == 0) throw_unsatisfiable(name, size);
    return {size - std::min(size, *request->suffix), size};
  }
  const std::uint64_t first = request->first.value_or(0);
  if (first >= size) throw_unsatisfiable(name, size);
  const std::uint64_t last = std::min(request->last.value_or(size - 1), size - 1);
  return {first, last + 1};
}

/// The part of a stretch at `offset` that lies in the range.
StreamPiece cut(const std::optional<ObjectId>& chunk, std::uint64_t offset, std::uint64_t length,
                const ByteRange& range) {
  const std::uint64_t begin = std::max(offset, range.begin);
  const std::uint64_t end = std::min(offset + length, range.end);
  return {chunk, length, begin - offset, end - begin};
}

StreamOptions stream_options(const Workspace& workspace) {
  return {.threads = workspace.threads(),
          .memory = workspace.settings().performance.max_memory_usage,
          .cancel = workspace.env().cancel,
          .progress = workspace.env().progress};
}

void send_chunk(Workspace& workspace, const TreeEntry& entry, const ByteRange& range,
                const std::function<void(ByteView)>& sink) {
  bool sent = range.begin == range.end;
  const auto next = [&]() -> std::optional<StreamPiece> {
    if (std::exchange(sent, true)) return {};
    return cut(entry.id, 0, entry.size, range);
  };
  StreamOptions options = stream_options(workspace);
  options.threads = 1;
  read_stream(workspace.objects(), next, sink, options);
}

void send_recipe(Workspace& workspace, const TreeEntry& entry, const std::string& name, const ByteRange& range,
                 const std::function<void(ByteView)>& sink) {
  RecipeCursor cursor(workspace.objects(), entry.id, range.begin);
  if (cursor.size() != entry.size)
    throw_corrupt(fmt::format("recipe {}: {}: holds {} bytes, its entry says {}", entry.id.hex(), name, cursor.size(),
                              entry.size));
  const auto next = [&]() -> std::optional<StreamPiece> {
    if (cursor.at_end() || cursor.offset() >= range.end) return {};
    const RecipeEntry stretch = cursor.entry();
    const std::uint64_t offset = cursor.offset();
    cursor.next();
    const bool zeros = stretch.kind == RecipeKind::zeros;
    return cut(zeros ? std::optional<ObjectId>() : stretch.id, offset, stretch.length, range);
  };
  read_stream(workspace.objects(), next, sink, stream_options(workspace));
}

}  // namespace

RangeRequest parse_range(std::string_view text) {
  const auto malformed = [&]() -> Error {
    return Error(ErrorKind::usage, fmt::format("byte range '{}': is not FIRST-LAST, FIRST- or -LENGTH", escape_name(text)));
  };
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) throw malformed();
  const std::string_view before = text.substr(0, dash);
  const std::string_view after = text.substr(dash + 1);
  RangeRequest range;
  if (before.empty()) {
    range.suffix = parse_number(after);
    if (!range.suffix) throw malformed();
    return range;
  }
  range.first = parse_number(before);
  range.last = parse_number(after);
  if (!range.first || (!range.last && !after.empty())) throw malformed();
  if (range.last && *range.last < *range.first) throw malformed();
  return range;
}

void cat(Workspace& workspace, const TreeEntry& entry, const std::string& shown_name,
         const std::optional<RangeRequest>& range, const std::function<void(ByteView)>& sink) {
  const std::string name = escape_name(shown_name);
  if (entry.kind == EntryKind::directory)
    throw Error(ErrorKind::not_found, fmt::format("{}: is a directory", name), "store ls");
  if (!is_regular(entry.kind) && entry.kind != EntryKind::symlink)
    throw Error(ErrorKind::not_found, fmt::format("{}: is a {} and has no content", name, type_name(entry.kind)));
  const ByteRange bytes = resolve(range, entry.size, name);
  if (entry.kind == EntryKind::large_file)
    send_recipe(workspace, entry, name, bytes, sink);
  else
    send_chunk(workspace, entry, bytes, sink);
}

}  // namespace store
