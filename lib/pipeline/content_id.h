#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "chunk/chunker.h"
#include "format/recipe.h"
#include "format/tree.h"
#include "worktree/source.h"

namespace store {

/// What a file's content would be recorded as.
struct ContentId {
  EntryKind kind = EntryKind::file;
  std::uint64_t size = 0;
  ObjectId id;
  bool operator==(const ContentId&) const = default;
};

/// The recipe that a file would get, entry by entry, while the file is read; nothing is stored. Runs of zeros may come in
/// several entries. Constant memory, one thread. Errors by errno.
class FileRecipe {
 public:
  FileRecipe(int root_fd, const std::string& path, const ChunkParameters& parameters, std::uint64_t inline_threshold);
  /// Nothing at the end.
  std::optional<RecipeEntry> next();
  /// One chunk, whatever is in it.
  bool is_inline() const { return inline_; }
  /// Bytes read so far, holes included: at the end the size.
  std::uint64_t offset() const { return offset_; }

 private:
  void read_window();
  void on_data(ByteView bytes);
  void on_hole(std::uint64_t length);
  void drain();
  void add(ByteView chunk);

  std::string path_;
  SourceFile file_;
  std::uint64_t size_;
  bool inline_;
  std::uint64_t offset_ = 0;
  DataRange data_{};
  bool ended_ = false;
  Chunker chunker_;
  std::size_t max_;
  Bytes window_;
  Bytes carry_;
  std::uint64_t start_ = 0;  // of the chunk that is not cut yet
  std::vector<std::uint64_t> cuts_;
  std::deque<RecipeEntry> ready_;
};

/// Reads, chunks and hashes a file without storing anything; holes are stepped over. Constant memory, any thread.
/// Error kinds by errno.
ContentId content_id(int root_fd, const std::string& path, const ChunkParameters& parameters,
                     std::uint64_t inline_threshold);

/// What a symlink points to; errors by errno.
std::string symlink_target(int root_fd, const std::string& path);
/// The chunk id of a symlink's target.
ObjectId symlink_id(int root_fd, const std::string& path);

}  // namespace store
