#include "pipeline/content_id.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "format/recipe.h"
#include "hash/sha256.h"
#include "worktree/source.h"

namespace store {
namespace {

constexpr std::size_t k_window = 1u << 20;

UniqueFd open_parent(int root_fd, const std::string& path) {
  const std::string parent(parent_path(path));
  const int fd = open_beneath(root_fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw_errno(-fd, "open", escape_name(parent));
  return UniqueFd(fd);
}

}  // namespace

std::string symlink_target(int root_fd, const std::string& path) {
  const UniqueFd directory = open_parent(root_fd, path);
  char target[PATH_MAX];
  const ssize_t length = ::readlinkat(directory.get(), std::string(base_name(path)).c_str(), target, sizeof target);
  if (length < 0) throw_errno(errno, "readlink", escape_name(path));
  return {target, static_cast<std::size_t>(length)};
}

ObjectId symlink_id(int root_fd, const std::string& path) { return sha256(as_bytes(symlink_target(root_fd, path))); }

FileRecipe::FileRecipe(int root_fd, const std::string& path, const ChunkParameters& parameters,
                       std::uint64_t inline_threshold)
    : path_(path),
      file_(open_source(open_parent(root_fd, path).get(), std::string(base_name(path)), path)),
      size_(file_.stat.stat.size),
      inline_(size_ <= inline_threshold),
      chunker_(parameters),
      max_(parameters.max) {}

std::optional<RecipeEntry> FileRecipe::next() {
  while (ready_.empty() && !ended_) read_window();
  if (ready_.empty()) return {};
  const RecipeEntry entry = ready_.front();
  ready_.pop_front();
  return entry;
}

void FileRecipe::read_window() {
  window_.resize(inline_ ? static_cast<std::size_t>(size_) : k_window);
  if (inline_) {
    offset_ = pread_full(file_.fd.get(), window_, 0, path_);
    if (offset_ != 0) ready_.push_back({RecipeKind::chunk, offset_, sha256(ByteView(window_).first(static_cast<std::size_t>(offset_)))});
    ended_ = true;
    return;
  }
  if (offset_ == data_.end && offset_ < size_) {
    data_ = next_data(file_.fd.get(), offset_, size_);
    if (data_.begin > offset_) on_hole(data_.begin - offset_);
    offset_ = data_.begin;
  }
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(k_window, data_.end - offset_));
  const std::size_t got = length == 0 ? 0 : pread_full(file_.fd.get(), MutableByteView(window_).first(length), offset_, path_);
  if (got != 0) on_data(ByteView(window_).first(got));
  offset_ += got;
  if (got == length && offset_ < size_) return;
  ended_ = true;
  chunker_.finish(cuts_);
  drain();
}

void FileRecipe::on_data(ByteView bytes) {
  chunker_.feed(bytes, cuts_);
  carry_.insert(carry_.end(), bytes.begin(), bytes.end());
  drain();
}

void FileRecipe::on_hole(std::uint64_t length) {
  // Whole chunks of zeros are one step; real bytes are needed only where a chunk reaches in from before.
  const std::uint64_t border = chunker_.position();
  const std::uint64_t whole = chunker_.feed_hole(length, cuts_) * max_;
  carry_.resize(carry_.size() + static_cast<std::size_t>(std::min<std::uint64_t>(length, max_)));
  drain();
  if (whole != 0) ready_.push_back({RecipeKind::zeros, whole, {}});
  start_ += whole;
  if (start_ >= border) carry_.assign(static_cast<std::size_t>(border + length - start_), std::byte{0});
}

void FileRecipe::drain() {
  std::size_t used = 0;
  for (const std::uint64_t cut : cuts_) {
    add(ByteView(carry_).subspan(used, static_cast<std::size_t>(cut - start_)));
    used += static_cast<std::size_t>(cut - start_);
    start_ = cut;
  }
  carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(used));
  cuts_.clear();
}

void FileRecipe::add(ByteView chunk) {
  if (all_zero(chunk)) ready_.push_back({RecipeKind::zeros, chunk.size(), {}});
  else ready_.push_back({RecipeKind::chunk, chunk.size(), sha256(chunk)});
}

ContentId content_id(int root_fd, const std::string& path, const ChunkParameters& parameters,
                     std::uint64_t inline_threshold) {
  FileRecipe file(root_fd, path, parameters, inline_threshold);
  if (file.is_inline()) {
    const std::optional<RecipeEntry> chunk = file.next();
    return {EntryKind::file, file.offset(), chunk ? chunk->id : sha256(ByteView())};
  }
  RecipeBuilder recipe([](const NodeBuilder::Built&) {});
  while (const std::optional<RecipeEntry> entry = file.next()) {
    if (entry->kind == RecipeKind::zeros) recipe.add_zeros(entry->length);
    else recipe.add_chunk(entry->id, entry->length);
  }
  return {EntryKind::large_file, file.offset(), recipe.finish().id};
}

}  // namespace store
