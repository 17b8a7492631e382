#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "format/tree.h"
#include "repo/recipe_cursor.h"

namespace store {

/// A stretch of the old content and what stands in its place in the new one; either may be empty.
struct ChangedRange {
  std::uint64_t old_start = 0;
  std::uint64_t old_length = 0;
  std::uint64_t new_start = 0;
  std::uint64_t new_length = 0;
  bool operator==(const ChangedRange&) const = default;
};

/// Compares the content of two regular files chunk by chunk, by ids alone: no content is read, and of recipes only the
/// nodes that differ. The ranges come in order and never adjoin. Where chunks differ, the nearest chunk that both have within
/// the next k_resync_window is where they agree again; memory is bounded by that (about 15 MB at worst).
class RecipeDiff {
 public:
  /// Chunks looked ahead on each side: about 4 GiB of content at the default average.
  static constexpr std::size_t k_resync_window = 65536;

  /// Stretches of a file that is not stored; nothing at the end.
  using Source = std::function<std::optional<RecipeEntry>()>;
  /// Both are regular files; nothing: no content.
  RecipeDiff(const ObjectReader& objects, const TreeEntry* before, const TreeEntry* after);
  RecipeDiff(const ObjectReader& objects, const TreeEntry* before, Source after);
  /// Nothing at the end.
  std::optional<ChangedRange> next();
  /// True if there is no difference from here on; where there is one, nothing behind it is looked at.
  bool equal_to_the_end();

 private:
  /// The stretches of one file: read from its recipe, and those looked at ahead of time.
  struct Side {
    std::optional<RecipeCursor> cursor;
    Source source;
    std::deque<RecipeEntry> ahead;
    std::uint64_t position = 0;
    /// Makes `count` stretches available in `ahead`, if there are so many.
    void fill(std::size_t count);
    bool at_end();
    std::uint64_t drop(std::size_t count);
  };
  static Side side_of(const ObjectReader& objects, const TreeEntry* entry);
  void pass_equal();
  struct Place {
    std::size_t before;
    std::size_t after;
  };
  std::optional<Place> find_resync();

  Side before_;
  Side after_;
};

/// How many bytes changed from one regular file to the other: of each range the longer side.
std::uint64_t changed_bytes(const ObjectReader& objects, const TreeEntry* before, const TreeEntry* after);

/// True if two regular files are the same chunks, whatever form they are stored in: in a recipe or without one. What was cut
/// otherwise is another content, as only its bytes could tell.
bool same_chunks(const ObjectReader& objects, const TreeEntry& before, const TreeEntry& after);

}  // namespace store
