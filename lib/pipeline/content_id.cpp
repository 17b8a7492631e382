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

/// A large file's recipe, chunk by chunk; the same rules as the ingest pipeline, on one thread.
class RecipeHasher {
 public:
  explicit RecipeHasher(const ChunkParameters& parameters)
      : chunker_(parameters), max_(parameters.max), recipe_([](const NodeBuilder::Built&) {}) {}

  void data(ByteView bytes) {
    chunker_.feed(bytes, cuts_);
    carry_.insert(carry_.end(), bytes.begin(), bytes.end());
    drain();
  }

  void hole(std::uint64_t length) {
    // Whole chunks of zeros are one step; real bytes are needed only where a chunk reaches in from before.
    const std::uint64_t border = chunker_.position();
    const std::uint64_t whole = chunker_.feed_hole(length, cuts_) * max_;
    carry_.resize(carry_.size() + static_cast<std::size_t>(std::min<std::uint64_t>(length, max_)));
    drain();
    if (whole != 0) recipe_.add_zeros(whole);
    start_ += whole;
    if (start_ >= border) carry_.assign(static_cast<std::size_t>(border + length - start_), std::byte{0});
  }

  NodeBuilder::Root finish() {
    chunker_.finish(cuts_);
    drain();
    return recipe_.finish();
  }

 private:
  void drain() {
    std::size_t used = 0;
    for (const std::uint64_t cut : cuts_) {
      add(ByteView(carry_).subspan(used, static_cast<std::size_t>(cut - start_)));
      used += static_cast<std::size_t>(cut - start_);
      start_ = cut;
    }
    carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(used));
    cuts_.clear();
  }

  void add(ByteView chunk) {
    if (all_zero(chunk)) recipe_.add_zeros(chunk.size());
    else recipe_.add_chunk(sha256(chunk), chunk.size());
  }

  Chunker chunker_;
  std::size_t max_;
  RecipeBuilder recipe_;
  Bytes carry_;
  std::uint64_t start_ = 0;
  std::vector<std::uint64_t> cuts_;
};

UniqueFd open_parent(int root_fd, const std::string& path) {
  const std::string parent(parent_path(path));
  const int fd = open_beneath(root_fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw_errno(-fd, "open", escape_name(parent));
  return UniqueFd(fd);
}

}  // namespace

ObjectId symlink_id(int root_fd, const std::string& path) {
  const UniqueFd directory = open_parent(root_fd, path);
  char target[PATH_MAX];
  const ssize_t length = ::readlinkat(directory.get(), std::string(base_name(path)).c_str(), target, sizeof target);
  if (length < 0) throw_errno(errno, "readlink", escape_name(path));
  return sha256(as_bytes({target, static_cast<std::size_t>(length)}));
}

ContentId content_id(int root_fd, const std::string& path, const ChunkParameters& parameters,
                     std::uint64_t inline_threshold) {
  const UniqueFd directory = open_parent(root_fd, path);
  const SourceFile file = open_source(directory.get(), std::string(base_name(path)), path);
  const std::uint64_t size = file.stat.stat.size;
  if (size <= inline_threshold) {
    Bytes content(static_cast<std::size_t>(size));
    content.resize(pread_full(file.fd.get(), content, 0, path));
    return {EntryKind::file, content.size(), sha256(content)};
  }
  RecipeHasher hasher(parameters);
  Buffer window(k_window);
  for (std::uint64_t offset = 0; offset < size;) {
    const DataRange data = next_data(file.fd.get(), offset, size);
    if (data.begin > offset) hasher.hole(data.begin - offset);
    for (offset = data.begin; offset < data.end;) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(k_window, data.end - offset));
      const std::size_t got = pread_full(file.fd.get(), window.span(0, length), offset, path);
      hasher.data(window.view(0, got));
      offset += got;
      if (got < length) return {EntryKind::large_file, offset, hasher.finish().id};
    }
  }
  return {EntryKind::large_file, size, hasher.finish().id};
}

}  // namespace store
