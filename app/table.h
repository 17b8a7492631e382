#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// Windows with fewer columns get shortened names; in others a long name wraps, and can be copied whole.
inline constexpr std::size_t k_narrow_window = 60;
/// Columns that names behind others get at least.
inline constexpr std::size_t k_least_name = 14;

/// How many columns a terminal takes for a text without control bytes: wide characters two, combining ones none.
std::size_t display_columns(std::string_view text);

/// The end that says most: of a path the name, of a text its beginning.
enum class Keep : bool { head, tail };
/// At most `columns` of it, with "…" in place of what is left out. Valid UTF-8 stays valid.
std::string shortened(std::string_view text, std::size_t columns, Keep keep);

/// Lines of columns for people. What the window has no room for is left out, whole columns in the same order in each line, so that no
/// line wraps; without a window everything is there.
class Table {
 public:
  enum class Align : bool { left, right };
  struct Column {
    std::size_t width;
    Align align = Align::right;
    unsigned rank = 0;    // the highest goes first; 0 stays
    std::size_t gap = 1;  // blanks behind it
  };
  /// `least_last`: room for what stands behind the columns; 0 if nothing does.
  Table(std::vector<Column> columns, std::optional<std::size_t> window, std::size_t least_last);

  /// A cell for each column, then what has any length; no line end, and no gap before an empty `last`.
  std::string line(const std::vector<std::string>& cells, std::string_view last = {}, Keep keep = Keep::tail) const;
  /// What the columns that stay take, gaps included.
  std::size_t columns() const;

 private:
  /// Goes on to leave out where cells are longer than their columns.
  unsigned rank_for(const std::vector<std::string>& cells, std::size_t last) const;

  std::vector<Column> columns_;
  std::optional<std::size_t> window_;
  std::size_t least_last_;
};

}  // namespace store
