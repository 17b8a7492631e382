#include "app/ingest_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/context.h"
#include "app/quote.h"
#include "base/system_info.h"
#include "base/text.h"

namespace store {

std::vector<OptionSpec> exclude_options() {
  return {
      {.name = "exclude", .argument = "PATTERN", .help = "leave out untracked files that match (repeatable)"},
      {.name = "exclude-from",
       .argument = "FILE",
       .help = "patterns from a file, one a line; # begins a comment (repeatable)",
       .completes = Completes::file},
      {.name = "exclude-caches", .help = "leave out directories marked by CACHEDIR.TAG"},
      {.name = "exclude-larger-than", .argument = "SIZE", .help = "leave out untracked files larger than SIZE"},
      {.letter = 'x', .name = "one-file-system", .help = "do not enter other file systems"},
  };
}

void read_exclude_options(Context& context, AddOptions& options) {
  const Arguments& arguments = context.arguments();
  options.exclude = arguments.all("exclude");
  for (const std::string& name : arguments.all("exclude-from")) {
    const std::string text = context.read_input("--exclude-from", name);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      std::string line = text.substr(at, end - at);
      at = end + 1;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty() && line[0] != '#') options.exclude.push_back(std::move(line));
    }
  }
  options.exclude_caches = arguments.has("exclude-caches");
  options.exclude_larger_than = arguments.size("exclude-larger-than");
  options.one_file_system = arguments.has("one-file-system");
}

std::string message_alone(const PathFailure& failure) {
  const std::string name = escape_name(failure.path) + ": ";
  return failure.message.starts_with(name) ? failure.message.substr(name.size()) : failure.message;
}

void write_failed(JsonWriter& json, const std::vector<PathFailure>& failed) {
  json.key("failed").begin_array();
  for (const PathFailure& failure : failed) {
    json.begin_object();
    json.path_field("path", failure.path);
    json.field("message", message_alone(failure));
    json.end();
  }
  json.end();
}

void write_ignored_path(JsonWriter& json, const IgnoredPath& path) {
  json.begin_object();
  json.path_field("path", path.path);
  json.path_field("source", path.source);
  json.field("line", std::uint64_t{path.line});
  json.path_field("pattern", path.pattern);
  json.end();
}

void write_ignored(JsonWriter& json, const std::vector<IgnoredPath>& paths) {
  json.key("ignored").begin_array();
  for (const IgnoredPath& path : paths) write_ignored_path(json, path);
  json.end();
}

namespace {

std::uint64_t bytes_read(const IngestTotals& totals) { return totals.mapped_bytes + totals.streamed_bytes; }

}  // namespace

std::string stored_text(const IngestTotals& totals, SizeText size) {
  const std::uint64_t known = totals.chunks - std::min(totals.chunks, totals.new_chunks);
  std::string text = totals.new_chunks == 0 ? "no new chunk"
                                            : fmt::format("{} ({})", counted(totals.new_chunks, "new chunk"), size(totals.new_bytes));
  if (known > 0) text += fmt::format(", {} deduplicated", human_count(known));
  text += fmt::format("; {} stored", size(totals.stored_bytes));
  if (totals.stored_bytes > 0 && totals.stored_bytes < totals.new_bytes)
    text += fmt::format(", {:.1f} times smaller", static_cast<double>(totals.new_bytes) / static_cast<double>(totals.stored_bytes));
  return text;
}

std::string ingested_text(const IngestTotals& totals, double seconds, SizeText size) {
  std::string text = fmt::format("{} ({}) in {}", counted(totals.files, "file"), size(totals.bytes), human_duration(seconds));
  const std::uint64_t read = bytes_read(totals);
  constexpr std::uint64_t k_least_rated = 1u << 20;  // a rate of less says nothing
  if (read == 0 || seconds <= 0) return text;
  if (read < totals.bytes) text += fmt::format(", {} read", size(read));
  if (read < k_least_rated) return text;
  return text + fmt::format(", {}/s", human_size(static_cast<std::uint64_t>(static_cast<double>(read) / seconds)));
}

void write_totals(JsonWriter& json, const IngestTotals& totals, const std::vector<PathFailure>& failed,
                  double seconds) {
  json.field("files", totals.files);
  json.field("bytes", totals.bytes);
  json.field("unchanged_files", totals.unchanged_files);
  json.field("directories", totals.directories);
  json.field("symlinks", totals.symlinks);
  json.field("chunks", totals.chunks);
  json.field("new_chunks", totals.new_chunks);
  json.field("new_bytes", totals.new_bytes);
  json.field("stored_bytes", totals.stored_bytes);
  // How many bytes each new byte stands for; where nothing was new there is no such figure.
  json.field("dedup_ratio", totals.new_bytes == 0 || totals.bytes == 0
                                ? 1.0
                                : static_cast<double>(totals.bytes) / static_cast<double>(totals.new_bytes));
  json.field("mapped_bytes", totals.mapped_bytes);
  json.field("streamed_bytes", totals.streamed_bytes);
  json.field("cache_hits", totals.cache_hits);
  json.field("cache_misses", totals.cache_misses);
  write_failed(json, failed);
  json.field("seconds", seconds);
  const double rated = seconds > 0 ? seconds : 1e-9;
  json.field("files_per_second", static_cast<double>(totals.cache_misses) / rated);
  json.field("bytes_per_second", static_cast<double>(bytes_read(totals)) / rated);
  json.field("peak_memory_bytes", peak_memory_bytes());
}

}  // namespace store
