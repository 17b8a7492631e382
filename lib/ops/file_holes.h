// The holes of a sparse file on its way out as a stream. Private to ops.
#pragma once

#include <optional>
#include <vector>

#include "archive/archive_entry.h"
#include "ops/tree_reader.h"
#include "pipeline/read_stream.h"

namespace store {

/// What a file system makes a hole of: aligned stretches of this length.
inline constexpr std::uint64_t k_hole_unit = 4096;
/// Holes that are told of one file: 16 bytes each. Of more the largest count, the others are zeros.
inline constexpr std::size_t k_most_holes = 65536;

/// Every aligned stretch of zeros of a regular file, ascending. Reads the whole file, but for what its recipe knows to be zeros. Must not run
/// within another read_stream().
std::vector<Hole> find_holes(const ObjectReader& objects, const TreeEntry& file, StreamOptions options);

/// True if the recipe of a large file knows a run of zeros.
bool has_zeros(const ObjectReader& objects, const TreeEntry& file);

/// The content of a regular file that is not empty, without its holes, front to back.
class DataPieces {
 public:
  /// `holes`: as find_holes() gives them.
  DataPieces(const ObjectReader& objects, const TreeEntry& file, std::vector<Hole> holes);
  /// Nothing at the end.
  std::optional<StreamPiece> next();

 private:
  bool next_stretch();
  std::optional<RecipeCursor> recipe_;  // of a large file
  std::vector<Hole> holes_;
  std::size_t hole_ = 0;      // the next one
  RecipeEntry stretch_;
  std::uint64_t begin_ = 0;   // of the stretch in the file
  std::uint64_t at_ = 0;
};

}  // namespace store
