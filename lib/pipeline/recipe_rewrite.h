#pragma once

#include <optional>

#include "repo/recipe_cursor.h"

namespace store {

/// What has to be written to make one content of a large file the other: the stretches of the new one that are not at the same place
/// in the old one, in order. Told from ids alone; recipe nodes that both share are not read. Where content moved, as behind an
/// insertion, everything is in another place. One thread at a time.
class RecipeRewrite {
 public:
  /// Nothing to start from: every stretch.
  RecipeRewrite(const ObjectReader& objects, const std::optional<ObjectId>& from, const ObjectId& to);
  bool at_end() const { return !entry_; }
  const RecipeEntry& entry() const { return *entry_; }
  /// Of entry() in the file.
  std::uint64_t offset() const { return offset_; }
  void next();
  /// Of the whole new content.
  std::uint64_t size() const { return to_.size(); }

 private:
  void find();
  void find_in_zeros(std::uint64_t end);
  void pass_old();
  std::optional<RecipeCursor> from_;
  RecipeCursor to_;
  std::optional<RecipeEntry> entry_;
  std::uint64_t offset_ = 0;
};

/// The bytes of all stretches.
std::uint64_t changed_stretches(const ObjectReader& objects, const ObjectId& from, const ObjectId& to);

}  // namespace store
