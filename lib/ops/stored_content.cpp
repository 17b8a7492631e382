#include "ops/stored_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace store {

StoredContent::StoredContent(const ObjectReader& objects, const TreeEntry& file) : objects_(objects) {
  if (file.kind == EntryKind::large_file) recipe_.emplace(objects, file.id);
  else if (file.size != 0) small_ = file;
}

std::size_t StoredContent::read(MutableByteView out) {
  std::size_t got = 0;
  while (got < out.size()) {
    const MutableByteView rest = out.subspan(got);
    if (zeros_ != 0) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(zeros_, rest.size()));
      std::fill_n(rest.begin(), length, std::byte{0});
      zeros_ -= length;
      got += length;
    } else if (at_ < chunk_.size()) {
      const std::size_t length = std::min(chunk_.size() - at_, rest.size());
      std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(at_), length, rest.begin());
      at_ += length;
      got += length;
    } else if (!fetch()) {
      break;
    }
  }
  return got;
}

std::uint64_t StoredContent::skip_zeros() {
  if (zeros_ == 0 && at_ == chunk_.size()) fetch();
  return std::exchange(zeros_, 0);
}

/// The next stretch; false at the end.
bool StoredContent::fetch() {
  if (small_) {
    load(small_->id, small_->size);
    small_.reset();
    return true;
  }
  if (!recipe_ || recipe_->at_end()) return false;
  const RecipeEntry& entry = recipe_->entry();
  if (entry.kind == RecipeKind::zeros) zeros_ = entry.length;
  else load(entry.id, entry.length);
  recipe_->next();
  return true;
}

void StoredContent::load(const ObjectId& chunk, std::uint64_t length) {
  chunk_ = objects_.read({ObjectType::chunk, chunk});
  at_ = 0;
  if (chunk_.size() != length)
    throw_corrupt(fmt::format("chunk {}: holds {} bytes, not {}", chunk.hex(), chunk_.size(), length));
}

}  // namespace store
