#include "ops/stats.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/bar.h"
#include "app/commands.h"
#include "app/context.h"
#include "app/quote.h"
#include "base/text.h"

namespace store {
namespace {

void write_histogram(JsonWriter& json, std::string_view name, const SizeHistogram& histogram) {
  json.key(name).begin_array();
  for (const auto& [size, count] : histogram.rows()) {
    json.begin_object();
    json.field("size", size);
    json.field("count", count);
    json.end();
  }
  json.end();
}

void write_json(JsonWriter& json, const StatsResult& stats, bool histogram, std::uint64_t inline_threshold) {
  json.field("commits", stats.commits);
  json.field("objects", stats.objects);
  json.field("packs", stats.packs);
  json.field("layers", stats.layers);
  json.field("logical_bytes", stats.logical_bytes);
  json.field("unique_bytes", stats.unique_bytes);
  json.field("stored_bytes", stats.stored_bytes);
  json.field("unreferenced_bytes", stats.unreferenced_bytes);
  json.field("small_files", stats.content.small_files);
  json.field("small_bytes", stats.content.small_bytes);
  json.field("large_files", stats.content.large_files);
  json.field("large_bytes", stats.content.large_bytes);
  json.field("hole_bytes", stats.content.hole_bytes);
  json.field("inline_threshold", inline_threshold);
  json.field("dedup_ratio", stats.dedup_ratio());
  json.field("compression_ratio", stats.compression_ratio());
  json.key("histogram");
  if (!histogram) {
    json.null();
    return;
  }
  json.begin_object();
  write_histogram(json, "chunks", stats.chunk_sizes);
  write_histogram(json, "files", stats.content.file_sizes);
  json.end();
}

/// `columns`: of a bar; 0: the window is narrow.
std::string histogram_text(std::string_view title, const SizeHistogram& histogram, std::size_t columns) {
  std::uint64_t most = 1;
  for (const auto& [size, count] : histogram.rows()) most = std::max(most, count);
  std::string text = fmt::format("\n{}, by size\n", title);
  for (const auto& [size, count] : histogram.rows()) {
    const std::string least = size == 0 ? "0 B" : "≥ " + human_size(size);
    text += columns == 0 ? fmt::format("{:>10} {:>8}\n", least, human_count(count))
                         : fmt::format("  {:>10}  {:>12}  {}\n", least, human_count(count), bar(count, most, columns));
  }
  return text;
}

std::string text_of(const StatsResult& stats, std::uint64_t inline_threshold, SizeText size, std::optional<std::size_t> window) {
  const ContentTotals& content = stats.content;
  const auto line = [&](std::string_view name, const std::string& figure, const std::string& note) {
    const std::size_t columns = std::min<std::size_t>(26, window.value_or(26));
    const std::string text = fmt::format("{}{:>{}}", name, figure, std::max(columns - std::min(columns, name.size()), figure.size() + 1));
    if (note.empty() || (window && 2 + note.size() > *window)) return text + "\n";
    const bool fits = !window || text.size() + 2 + note.size() <= *window;
    return text + (fits ? "  " : "\n  ") + note + "\n";  // below it, if there is no room behind it
  };
  return line("commits", human_count(stats.commits), "") +
         line("objects", human_count(stats.objects),
              fmt::format("in {}, {}", counted(stats.packs, "pack"), counted(stats.layers, "layer"))) +
         line("logical", size(stats.logical_bytes), "files of all commits") +
         line("unique", size(stats.unique_bytes), fmt::format("1 in {:.2f}", stats.dedup_ratio())) +
         line("stored", size(stats.stored_bytes), fmt::format("1 in {:.2f}", stats.compression_ratio())) +
         line("unreferenced", size(stats.unreferenced_bytes), "of the stored") +
         line("small files", human_count(content.small_files),
              fmt::format("{}, up to {} each", size(content.small_bytes), size(inline_threshold))) +
         line("large files", human_count(content.large_files),
              fmt::format("{}, {} of it zeros", size(content.large_bytes), size(content.hole_bytes)));
}

int run(Context& context) {
  const bool histogram = context.arguments().has("histogram");
  context.show_progress({{Stage::scan, 1}});
  const StatsResult result = stats(context.workspace());
  context.end_progress();
  const std::uint64_t threshold = context.settings().core.inline_threshold;
  if (context.json()) {
    write_json(context.begin_result(), result, histogram, threshold);
    return 0;
  }
  context.out().write(text_of(result, threshold, context.size_text(), context.window_columns()));
  if (histogram)
    context.say(histogram_text("files of all commits", result.content.file_sizes, context.bar_columns(28)) +
                        histogram_text("different chunks", result.chunk_sizes, context.bar_columns(28)));
  return 0;
}

}  // namespace

Command stats_command() {
  return {{.word = "stats",
           .summary = "show how much is stored, and how well",
           .usage = {"stats [--histogram]"},
           .description =
               "Logical: the files of all commits that branches, tags and HEAD reach; a file counts once for each commit that has\n"
               "it. Unique: different chunks, before compression. Stored: all packs. Unreferenced: the part of the stored that no\n"
               "commit, nothing staged and no undo needs. No content is read.",
           .options = {{.name = "histogram", .help = "files and chunks by size, in powers of two"}},
           .max_positionals = 0},
          run};
}

}  // namespace store
