#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/file_system.h"
#include "format/index_record.h"

namespace store {

/// The index: what is staged, by path, in path order: a mapped sorted base and a log of batches on top.
/// Open it under the index lock to write, or without to read a consistent snapshot. One thread at a time;
/// cursors of one Index may be used by several threads if nobody writes.
class Index {
 public:
  /// `repository_fd` is the repository folder. Missing files are an empty index.
  Index(FileSystem& fs, int repository_fd);
  ~Index();
  Index(Index&&) noexcept;

  std::optional<IndexEntry> find(std::string_view path) const;
  /// True if the path or anything below it is tracked.
  bool contains_within(std::string_view path) const;
  bool empty() const;

  /// Merged view in path order.
  class Cursor {
   public:
    Cursor(Cursor&&) noexcept;
    Cursor& operator=(Cursor&&) noexcept;
    ~Cursor();
    bool at_end() const;
    const IndexEntry& entry() const;
    void next();
    /// Goes on behind everything below the current entry's path (skips a directory's content).
    void next_sibling();

   private:
    friend class Index;
    struct State;
    explicit Cursor(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  /// First entry not below `path` in path order; Cursor at "" starts with the root directory's entry.
  Cursor seek(std::string_view path) const;

  /// One atomic batch of changes, in path order, each path at most once. Streams to the log in bounded memory: nothing is
  /// visible before commit(). Destroyed without commit(): the torn batch is ignored and cut off by the next writer.
  class Batch {
   public:
    Batch(Batch&&) noexcept;
    ~Batch();
    void put(const IndexEntry& entry);
    void remove(const std::string& path);
    /// Appends the end mark and syncs (durability.md "Index batch"); `sync` false skips the sync. Then, if the log exceeds
    /// max(1 MiB, base/4), rewrites the base through tmp and rename. The Index shows the new state. An empty batch
    /// writes nothing.
    void commit(bool sync);

   private:
    friend class Index;
    struct State;
    explicit Batch(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  /// The caller holds the index lock exclusively. Cursors opened before stay valid until commit().
  Batch begin();

  /// Replaces everything (a checkout of another tree): entries come in path order from `fill(put)`.
  void rewrite(const std::function<void(const std::function<void(const IndexEntry&)>&)>& fill, bool sync);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Time rule of design §4: an entry whose mtime or ctime is not at least 20 ms (2 s for whole-second stamps) older than
/// `read_started_ns` (CLOCK_REALTIME_COARSE before its first byte was read) is racy.
bool is_racy(const StatKey& stat, std::int64_t read_started_ns);

}  // namespace store
