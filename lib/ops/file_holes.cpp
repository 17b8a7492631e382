#include "ops/file_holes.h"

#include <algorithm>
#include <deque>

#include "base/mutex.h"
#include "repo/recipe_nodes.h"

namespace store {
namespace {

/// Takes a file front to back. The least length that a hole must have doubles until all fit.
class HoleFinder {
 public:
  explicit HoleFinder(std::uint64_t file_size) : file_size_(file_size) {}

  void data(ByteView bytes) {
    while (!bytes.empty()) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(k_hole_unit - at_ % k_hole_unit, bytes.size()));
      if (all_zero(bytes.first(length))) {
        zeros(length);
      } else {
        end_run();
        at_ += length;
        begin_ = at_;
      }
      bytes = bytes.subspan(length);
    }
  }
  void zeros(std::uint64_t length) { at_ += length; }
  /// Where the file goes on.
  std::uint64_t offset() const { return at_; }
  std::vector<Hole> finish() {
    end_run();
    return std::move(holes_);
  }

 private:
  /// Zeros from begin_ to at_.
  void end_run() {
    const std::uint64_t begin = (begin_ + k_hole_unit - 1) / k_hole_unit * k_hole_unit;
    const std::uint64_t end = at_ == file_size_ ? at_ : at_ / k_hole_unit * k_hole_unit;
    if (end <= begin || end - begin < least_) return;
    holes_.push_back({begin, end - begin});
    while (holes_.size() > k_most_holes) {
      least_ *= 2;
      std::erase_if(holes_, [this](const Hole& one) { return one.length < least_; });
    }
  }

  std::uint64_t file_size_;
  std::uint64_t at_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t least_ = 1;
  std::vector<Hole> holes_;
};

/// Where the chunks belong that are planned and not looked at yet; planning and looking run on two threads.
class Offsets {
 public:
  void push(std::uint64_t offset) {
    const MutexLock lock(mutex_);
    offsets_.push_back(offset);
  }
  std::uint64_t pop() {
    const MutexLock lock(mutex_);
    const std::uint64_t offset = offsets_.front();
    offsets_.pop_front();
    return offset;
  }

 private:
  Mutex mutex_;
  std::deque<std::uint64_t> offsets_ STORE_GUARDED_BY(mutex_);
};

}  // namespace

std::vector<Hole> find_holes(const ObjectReader& objects, const TreeEntry& file, StreamOptions options) {
  HoleFinder holes(file.size);
  if (file.kind == EntryKind::file) {
    if (file.size != 0) holes.data(objects.read({ObjectType::chunk, file.id}));
    return holes.finish();
  }
  options.progress = nullptr;  // it comes by a second time
  RecipeCursor recipe(objects, file.id);
  Offsets offsets;
  const auto next = [&]() -> std::optional<StreamPiece> {
    while (!recipe.at_end() && recipe.entry().kind == RecipeKind::zeros) recipe.next();
    if (recipe.at_end()) return std::nullopt;
    const StreamPiece piece{recipe.entry().id, recipe.entry().length, 0, recipe.entry().length};
    offsets.push(recipe.offset());
    recipe.next();
    return piece;
  };
  read_stream(objects, next, [&](ByteView chunk) {
    holes.zeros(offsets.pop() - holes.offset());
    holes.data(chunk);
  }, options);
  holes.zeros(file.size - holes.offset());
  return holes.finish();
}

bool has_zeros(const ObjectReader& objects, const TreeEntry& file) {
  return file.kind == EntryKind::large_file && zeros_in(objects, file.id) != 0;
}

DataPieces::DataPieces(const ObjectReader& objects, const TreeEntry& file, std::vector<Hole> holes) : holes_(std::move(holes)) {
  if (file.kind == EntryKind::large_file) recipe_.emplace(objects, file.id);
  else stretch_ = {RecipeKind::chunk, file.size, file.id};
}

std::optional<StreamPiece> DataPieces::next() {
  for (;;) {
    const std::uint64_t end = begin_ + stretch_.length;
    while (hole_ < holes_.size() && holes_[hole_].offset <= at_) {
      const std::uint64_t hole_end = holes_[hole_].offset + holes_[hole_].length;
      at_ = std::max(at_, std::min(hole_end, end));
      if (hole_end > end) break;
      ++hole_;
    }
    if (at_ < end) {
      const std::uint64_t stop = hole_ < holes_.size() ? std::min(end, holes_[hole_].offset) : end;
      const std::uint64_t from = std::exchange(at_, stop);
      if (stretch_.kind == RecipeKind::zeros) return StreamPiece{std::nullopt, stop - from, 0, stop - from};
      return StreamPiece{stretch_.id, stretch_.length, from - begin_, stop - from};
    }
    if (!next_stretch()) return std::nullopt;
  }
}

bool DataPieces::next_stretch() {
  if (!recipe_ || recipe_->at_end()) return false;
  stretch_ = recipe_->entry();
  begin_ = at_ = recipe_->offset();
  recipe_->next();
  return true;
}

}  // namespace store
