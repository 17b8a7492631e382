#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/error.h"
#include "pipeline/progress.h"
#include "repo/object_store.h"
#include "worktree/target.h"

namespace store {

/// A regular file to write.
struct RestoreItem {
  std::string path;  // in the target
  EntryKind kind = EntryKind::file;
  std::uint16_t mode = 0;
  std::uint64_t size = 0;
  ObjectId id;
  bool replace = false;  // may replace a file that is there
  /// Which aligned 4 KiB stretches of zeros become holes: none; all if the recipe has a zeros entry; all.
  enum class Holes : std::uint8_t { none, with_recipe, all };
  Holes holes = Holes::with_recipe;
  FileFinish finish = {};  // instead of the mode alone; called from many threads
  /// What is there is this recipe's content, or stretches of it and of the new one: only where they differ is it written, in
  /// place. Not if the file cannot be opened for writing: then it is replaced.
  struct InPlace {
    ObjectId from;
    StatKey stat;  // of what is there
  };
  std::optional<InPlace> in_place = {};
  std::uint64_t written = 0;  // for `done`: bytes that are as they should be now because this wrote them
  std::uint64_t tag = 0; // the caller's own
};

struct RestoreOptions {
  unsigned threads = 1;
  std::uint64_t memory = 64u << 20;
  const CancelToken* cancel = nullptr;
  Progress* progress = nullptr;
};

/// Writes files in parallel: objects are sorted by where they lie, so each block is read and decoded once per batch; every
/// chunk is verified by SHA-256 before its bytes are written; large files are written by many threads at once. `next` yields items in path
/// order, from one thread at a time; meanwhile `done(item, stat)` is called (serially, any order) for each finished file. A damaged file is
/// reported to `failed(item, error)`, serially with `done`, and the rest goes on. Durability (syncfs) is the caller's.
struct RestoreTotals {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};
RestoreTotals restore_files(const ObjectReader& objects, const TargetTree& target,
                            const std::function<std::optional<RestoreItem>()>& next,
                            const std::function<void(const RestoreItem&, const StatKey&)>& done,
                            const std::function<void(const RestoreItem&, const Error&)>& failed,
                            const RestoreOptions& options);

}  // namespace store
