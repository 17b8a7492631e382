#pragma once

#include <optional>

#include "format/recipe.h"
#include "repo/node_cursor.h"

namespace store {

/// The stretches of a large file from `offset` on, in order; each with its offset in the file. Checked like all nodes.
/// One thread at a time.
class RecipeCursor {
 public:
  /// Starts at the stretch that holds `offset`; at the end if that is at or past the end of the file.
  RecipeCursor(const ObjectReader& objects, const ObjectId& recipe, std::uint64_t offset = 0);
  bool at_end() const { return !entry_; }
  const RecipeEntry& entry() const { return *entry_; }
  /// Offset of entry() in the file.
  std::uint64_t offset() const { return offset_; }
  void next();
  /// See NodeCursor::skip_shared; true if both moved.
  static bool skip_shared(RecipeCursor& a, RecipeCursor& b);
  /// Of the whole file.
  std::uint64_t size() const { return nodes_.bytes(); }
  std::uint64_t count() const { return nodes_.count(); }

 private:
  void load();
  std::uint64_t offset_ = 0;  // before nodes_, whose constructor moves it
  NodeCursor nodes_;
  std::optional<RecipeEntry> entry_;
};

}  // namespace store
