#include "app/progress_bars.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace store {
namespace {

constexpr std::size_t k_label_columns = 8;
constexpr std::size_t k_min_bar_columns = 12;
constexpr std::size_t k_max_bar_columns = 40;
constexpr std::string_view k_gap = "  ";

struct Row {
  std::string_view label;
  std::optional<double> share;       // 0 … 1; none: not known
  std::vector<std::string> figures;  // the first matters most
};

std::optional<double> share_of(std::uint64_t done, const std::optional<std::uint64_t>& total) {
  if (!total) return std::nullopt;
  return *total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(*total));
}

std::uint64_t whole(double value) { return static_cast<std::uint64_t>(std::max(value, 0.0)); }

std::string of_total(std::uint64_t done, const std::optional<std::uint64_t>& total, std::string (*form)(std::uint64_t)) {
  return total ? form(done) + "/" + form(*total) : form(done);
}

Row overall_row(const ProgressState& state) {
  std::string stage(name_of(state.stage));
  if (state.stage_number > 0 && state.stage_count > 1)
    stage += fmt::format(" ({} of {})", state.stage_number, state.stage_count);
  Row row{.label = "overall", .share = state.overall, .figures = {fmt::format("{:3.0f}%", 100 * state.overall), std::move(stage)}};
  row.figures.push_back(human_duration(state.elapsed_seconds));
  if (state.eta_seconds) row.figures.push_back("ETA " + human_duration(*state.eta_seconds));
  return row;
}

/// Stages that do not count something have no row for it.
std::vector<Row> rows_of(const ProgressState& state) {
  std::vector<Row> rows{overall_row(state)};
  const auto add = [&](Row row, const std::string& rate) {
    if (state.rated) row.figures.push_back(rate + "/s");
    rows.push_back(std::move(row));
  };
  if (state.files_done > 0 || state.files_total)
    add({"files", share_of(state.files_done, state.files_total), {of_total(state.files_done, state.files_total, human_count)}},
        human_count(whole(state.files_per_second)));
  if (state.bytes_done > 0 || state.bytes_total || rows.size() == 1)
    add({"bytes", share_of(state.bytes_done, state.bytes_total), {of_total(state.bytes_done, state.bytes_total, human_size)}},
      human_size(whole(state.bytes_per_second)));
  if (state.chunks_done > 0)
    add({"new", share_of(state.new_chunks, state.chunks_done),
         {fmt::format("{} of {} chunks", human_count(state.new_chunks), human_count(state.chunks_done)),
          human_count(state.chunks_done - state.new_chunks) + " deduplicated"}},
        human_count(whole(state.chunks_per_second)));
  return rows;
}

std::string figures_of(const Row& row, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < row.figures.size() && i < count; ++i) {
    if (i > 0) text += k_gap;
    text += row.figures[i];
  }
  return text;
}

/// "[====>    ]" of `columns` columns; blank if nothing is known.
std::string drawn(std::optional<double> share, std::size_t columns) {
  const std::size_t inner = columns - 2;
  const std::size_t filled = share ? static_cast<std::size_t>(*share * static_cast<double>(inner)) : 0;
  std::string text(filled, '=');
  if (share && filled < inner) text += '>';
  text.resize(inner, ' ');
  return "[" + text + "]";
}

/// How many figures of each row, and how long a bar (0: none), fit.
struct Layout {
  std::size_t figures;
  std::size_t bar_columns;
};

Layout layout_of(const std::vector<Row>& rows, std::size_t width) {
  std::size_t most = 0;
  for (const Row& row : rows) most = std::max(most, row.figures.size());
  for (std::size_t count = most; count > 0; --count) {
    std::size_t longest = 0;
    for (const Row& row : rows) longest = std::max(longest, figures_of(row, count).size());
    const std::size_t taken = k_label_columns + k_gap.size() + longest;
    if (width >= taken + k_min_bar_columns) return {count, std::min(width - taken, k_max_bar_columns)};
  }
  return {most, 0};
}

std::string line_of(const Row& row, const Layout& layout, std::size_t width) {
  std::string line = fmt::format("{:<{}}", row.label, k_label_columns);
  if (layout.bar_columns > 0) return line + drawn(row.share, layout.bar_columns) + std::string(k_gap) + figures_of(row, layout.figures);
  std::size_t count = layout.figures;
  while (count > 1 && line.size() + figures_of(row, count).size() > width) --count;
  return (line + figures_of(row, count)).substr(0, width);
}

}  // namespace

std::vector<std::string> progress_bars(const ProgressState& state, std::size_t width) {
  const std::vector<Row> rows = rows_of(state);
  const Layout layout = layout_of(rows, width);
  std::vector<std::string> lines;
  for (const Row& row : rows) lines.push_back(line_of(row, layout, width));
  return lines;
}

}  // namespace store
