#include "pipeline/recipe_rewrite.h"

#include <algorithm>

namespace store {

RecipeRewrite::RecipeRewrite(const ObjectReader& objects, const std::optional<ObjectId>& from, const ObjectId& to)
    : to_(objects, to) {
  if (from) from_.emplace(objects, *from);
  find();
}

void RecipeRewrite::next() {
  offset_ += entry_->length;
  find();
}

/// The old content's stretches that end at or before a place are behind.
void RecipeRewrite::pass_old() {
  while (from_ && !from_->at_end() && from_->offset() + from_->entry().length <= offset_) from_->next();
}

/// From offset_ on, the next stretch that is not in the old content at the same place.
void RecipeRewrite::find() {
  for (entry_.reset(); !entry_ && !to_.at_end();) {
    pass_old();
    const bool has_old = from_ && !from_->at_end();
    if (has_old && offset_ == to_.offset() && offset_ == from_->offset() && RecipeCursor::skip_shared(*from_, to_)) {
      offset_ = to_.offset();
      continue;
    }
    const std::uint64_t end = to_.offset() + to_.entry().length;
    if (offset_ == end) {
      to_.next();
    } else if (to_.entry().kind == RecipeKind::zeros) {
      find_in_zeros(end);
    } else if (has_old && offset_ == from_->offset() && from_->entry() == to_.entry()) {
      offset_ = end;
    } else {
      entry_ = to_.entry();
    }
  }
}

/// Zeros lie in zeros wherever they begin: what is left are the parts between.
void RecipeRewrite::find_in_zeros(std::uint64_t end) {
  const auto old_is_zeros = [&] { return from_->entry().kind == RecipeKind::zeros; };
  std::uint64_t stop = end;
  if (from_ && !from_->at_end() && old_is_zeros() && from_->offset() <= offset_) {
    offset_ = std::min(end, from_->offset() + from_->entry().length);
    return;
  }
  while (from_ && !from_->at_end() && from_->offset() < end && !old_is_zeros()) from_->next();
  if (from_ && !from_->at_end()) stop = std::min(end, from_->offset());
  entry_ = RecipeEntry{RecipeKind::zeros, stop - offset_, {}};
}

std::uint64_t changed_stretches(const ObjectReader& objects, const ObjectId& from, const ObjectId& to) {
  std::uint64_t bytes = 0;
  for (RecipeRewrite changed(objects, from, to); !changed.at_end(); changed.next()) bytes += changed.entry().length;
  return bytes;
}

}  // namespace store
