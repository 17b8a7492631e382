#include "app/table.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace store {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
/// Of Unicode's East Asian Width W and F, and its combining and invisible characters: what names hold in practice.
constexpr Range k_wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
                            {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
                            {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
constexpr Range k_combining[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
                                 {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
                                 {0xfe20, 0xfe2f}};

bool within(char32_t code, const Range* first, const Range* last) {
  return std::any_of(first, last, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

/// The character that begins at `at`: its bytes, and its columns.
struct Character {
  std::size_t bytes;
  std::size_t columns;
};

Character character_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  std::size_t end = at + 1;
  while (end < text.size() && end - at < 4 && continues(text[end])) ++end;
  const std::size_t bytes = end - at;
  char32_t code = bytes == 1 ? lead : lead & (0xffu >> (bytes + 1));
  for (std::size_t i = at + 1; i < end; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  if (within(code, std::begin(k_combining), std::end(k_combining))) return {bytes, 0};
  return {bytes, within(code, std::begin(k_wide), std::end(k_wide)) ? 2u : 1u};
}

std::string padded(const std::string& text, const Table::Column& column) {
  const std::size_t taken = display_columns(text);
  const std::string blanks(column.width - std::min(column.width, taken), ' ');
  return column.align == Table::Align::right ? blanks + text : text + blanks;
}

}  // namespace

std::size_t display_columns(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character one = character_at(text, at);
    columns += one.columns;
    at += one.bytes;
  }
  return columns;
}

std::string shortened(std::string_view text, std::size_t columns, Keep keep) {
  std::size_t left = display_columns(text);
  if (left <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t taken = 0;
  std::size_t at = 0;
  const auto enough = [&](const Character& next) {
    return keep == Keep::head ? taken + next.columns > columns - 1 : left <= columns - 1;
  };
  for (Character next = character_at(text, at); !enough(next); next = character_at(text, at)) {
    taken += next.columns;
    left -= next.columns;
    at += next.bytes;
    if (at == text.size()) break;
  }
  return keep == Keep::head ? std::string(text.substr(0, at)) + "…" : "…" + std::string(text.substr(at));
}

Table::Table(std::vector<Column> columns, std::optional<std::size_t> window, std::size_t least_last)
    : columns_(std::move(columns)), window_(window), least_last_(least_last) {}

unsigned Table::rank_for(const std::vector<std::string>& cells, std::size_t last) const {
  unsigned rank = 0;
  for (const Column& column : columns_) rank = std::max(rank, column.rank);
  if (!window_) return rank;
  for (; rank > 0; --rank) {
    std::size_t taken = 0;
    std::size_t gap = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].rank > rank) continue;
      const std::size_t cell = i < cells.size() ? display_columns(cells[i]) : 0;
      taken += gap + std::max(columns_[i].width, cell);
      gap = columns_[i].gap;
    }
    if (last > 0) taken += gap + last;
    if (taken <= *window_) break;
  }
  return rank;
}

std::size_t Table::columns() const {
  const unsigned rank = rank_for({}, least_last_);
  std::size_t taken = 0;
  for (const Column& column : columns_)
    if (column.rank <= rank) taken += column.width + column.gap;
  return taken;
}

std::string Table::line(const std::vector<std::string>& cells, std::string_view last, Keep keep) const {
  const unsigned rank = rank_for(cells, least_last_);
  std::string text;
  std::size_t gap = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].rank > rank) continue;
    text += std::string(gap, ' ') + padded(cells[i], columns_[i]);
    gap = columns_[i].gap;
  }
  if (last.empty()) return text;
  text += std::string(gap, ' ');
  if (!window_ || *window_ >= k_narrow_window) return text + std::string(last);
  const std::size_t taken = display_columns(text);
  return text + shortened(last, *window_ - std::min(*window_, taken), keep);
}

}  // namespace store
