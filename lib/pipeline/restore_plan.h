// What restore() writes in one batch; private to the pipeline.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "pipeline/chunk_block.h"
#include "pipeline/recipe_rewrite.h"
#include "pipeline/restore.h"

namespace store {

/// A file from its first stretch to its name. Small files and empty ones have one stretch and are written in one go; a
/// large one is open under a temporary name while stretches are outstanding.
struct RestoreFile {
  explicit RestoreFile(RestoreItem wanted) : item(std::move(wanted)) {}
  RestoreItem item;
  bool holes = false;                        // leave aligned zeros out
  std::atomic<std::uint64_t> outstanding{0}; // stretches to come, and one while not all are known
  std::atomic<bool> broken{false};
  bool in_place = false;                     // holes are to be made where something is
  Mutex mutex;
  std::optional<TargetTree::File> output STORE_GUARDED_BY(mutex);
};
using RestoreFilePtr = std::shared_ptr<RestoreFile>;

/// A stretch of a file: a chunk, or zeros to be written (no id), or nothing at all (an empty file, length 0).
struct Extent {
  RestoreFilePtr file;
  std::uint64_t offset = 0;
  WantedChunk chunk;
  bool is_chunk() const { return !chunk.id.is_zero(); }
};

/// Extents in the order of the packs: chunks of one block side by side, and what is not in a block behind them.
void sort_by_location(std::vector<Extent>& extents);
/// Ends of the groups that are written together: chunks of one block, or a few files without content, or one stretch of zeros.
std::vector<std::size_t> group_ends(const std::vector<Extent>& extents);

/// Turns items into batches of extents. One thread at a time.
class RestorePlanner {
 public:
  using Failed = std::function<void(const RestoreFilePtr& file, const Error& error)>;
  RestorePlanner(const ObjectReader& objects, const TargetTree& target,
                 const std::function<std::optional<RestoreItem>()>& next, Failed failed, const RestoreOptions& options);

  /// The next batch; empty at the end. Files that are complete without any extent are in `finished`.
  struct Batch {
    std::vector<Extent> extents;
    std::vector<RestoreFilePtr> finished;
    bool empty() const { return extents.empty() && finished.empty(); }
  };
  Batch next_batch();

 private:
  void start(RestoreItem item, Batch& batch);
  void start_large(const RestoreFilePtr& file, Batch& batch);
  void open_in_place(RestoreFile& file) const;
  void go_on(Batch& batch);
  void add(const RestoreFilePtr& file, std::uint64_t offset, const WantedChunk& chunk, Batch& batch);
  void add_zeros(const RestoreFilePtr& file, std::uint64_t offset, std::uint64_t length, Batch& batch);
  bool has_room(const Batch& batch) const;

  const ObjectReader& objects_;
  const TargetTree& target_;
  const std::function<std::optional<RestoreItem>()>& next_;
  Failed failed_;
  const RestoreOptions& options_;
  RestoreFilePtr open_;                // a large file that did not fit the batch before
  std::optional<RecipeRewrite> stretches_;  // those of it that are still to come
  std::size_t weight_ = 0;             // of the batch in memory
  std::size_t large_files_ = 0;        // in the batch
  bool end_ = false;
};

}  // namespace store
