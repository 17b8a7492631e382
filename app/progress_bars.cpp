#include "app/progress_bars.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace store {
namespace {

constexpr std::size_t k_label_columns = 8;
constexpr std::size_t k_least_bar_columns = 6;  // below, a bar says nothing
constexpr std::size_t k_min_bar_columns = 12;   // below, second figures matter more
constexpr std::size_t k_good_bar_columns = 20;  // long enough to see it move
constexpr std::size_t k_max_bar_columns = 40;
constexpr std::string_view k_gap = "  ";

struct Row {
  std::string_view label;
  std::optional<double> share;       // 0 … 1; none: not known
  std::vector<std::string> figures;  // the first matters most
  std::string brief = {};            // in place of the first, where even that has no room
  std::string rate = {};             // behind the figures; none if it says nothing yet
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
    if (state.rated) row.rate = rate + "/s";
    rows.push_back(std::move(row));
  };
  if (state.files_done > 0 || state.files_total)
    add({.label = "files",
         .share = share_of(state.files_done, state.files_total),
         .figures = {of_total(state.files_done, state.files_total, human_count)},
         .brief = human_count(state.files_done)},
        human_count(whole(state.files_per_second)));
  if (state.bytes_done > 0 || state.bytes_total || rows.size() == 1)
    add({.label = "bytes",
         .share = share_of(state.bytes_done, state.bytes_total),
         .figures = {of_total(state.bytes_done, state.bytes_total, human_size)},
         .brief = human_size(state.bytes_done)},
        human_size(whole(state.bytes_per_second)));
  if (state.chunks_done > 0)
    add({.label = "new",
         .share = share_of(state.new_chunks, state.chunks_done),
         .figures = {fmt::format("{} of {} chunks", human_count(state.new_chunks), human_count(state.chunks_done)),
                     human_count(state.chunks_done - state.new_chunks) + " deduplicated"},
         .brief = human_count(state.new_chunks)},
        human_count(whole(state.chunks_per_second)));
  return rows;
}

enum class Rates : bool { no, yes };

/// As many figures as fit, whole ones, from the first; nothing if there is no room for any.
std::string figures_of(const Row& row, std::size_t columns, Rates rates) {
  const bool brief = row.figures.front().size() > columns && !row.brief.empty();
  std::vector<std::string> figures = brief ? std::vector<std::string>{row.brief} : row.figures;
  if (rates == Rates::yes && !brief && !row.rate.empty()) figures.push_back(row.rate);
  std::string text;
  for (const std::string& figure : figures) {
    const std::string_view gap = text.empty() ? "" : k_gap;
    if (text.size() + gap.size() + figure.size() > columns) break;
    text += std::string(gap) + figure;
  }
  return text;
}

std::size_t least_columns(const Row& row) {
  return row.brief.empty() ? row.figures.front().size() : std::min(row.brief.size(), row.figures.front().size());
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

/// How long the bars may be beside the figures; 0: there is no room for any. Figures behind the second of a row give way to a long bar.
std::size_t bar_columns(const std::vector<Row>& rows, std::size_t width) {
  constexpr std::size_t k_everything = 1000;
  std::size_t all = 0;    // figures and rates
  std::size_t two = 0;    // of each row, a rate too
  std::size_t least = 0;  // one figure each
  for (const Row& row : rows) {
    all = std::max(all, figures_of(row, k_everything, Rates::yes).size());
    const std::string second = row.figures.size() > 1 ? row.figures[1] : row.rate;
    two = std::max(two, row.figures.front().size() + k_gap.size() + second.size());
    least = std::max(least, least_columns(row));
  }
  const auto room_beside = [&](std::size_t figures) { return width - std::min(width, k_label_columns + k_gap.size() + figures); };
  if (room_beside(all) >= k_good_bar_columns) return std::min(room_beside(all), k_max_bar_columns);
  if (room_beside(two) >= k_min_bar_columns) return std::min(room_beside(two), k_good_bar_columns);
  const std::size_t room = std::min(room_beside(least), k_min_bar_columns);
  return room < k_least_bar_columns ? 0 : room;
}

/// Nothing if there is no room for a figure.
std::string line_of(const Row& row, std::size_t bar_columns, std::size_t width) {
  std::string line = fmt::format("{:<{}}", row.label, k_label_columns);
  if (bar_columns > 0) line += drawn(row.share, bar_columns) + std::string(k_gap);
  const std::string figures = figures_of(row, width - std::min(width, line.size()), bar_columns > 0 ? Rates::yes : Rates::no);
  return figures.empty() ? figures : line + figures;
}

}  // namespace

std::vector<std::string> progress_bars(const ProgressState& state, std::size_t width) {
  const std::vector<Row> rows = rows_of(state);
  const std::size_t columns = bar_columns(rows, width);
  std::vector<std::string> lines;
  for (const Row& row : rows)
    if (std::string line = line_of(row, columns, width); !line.empty()) lines.push_back(std::move(line));
  // A window too narrow for any label.
  if (const std::string share = figures_of(rows.front(), width, Rates::no); lines.empty() && !share.empty()) lines.push_back(share);
  return lines;
}

}  // namespace store
