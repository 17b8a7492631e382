#pragma once

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
  /// `repository_fd` is the repository folder, open for as long as the Index. Missing files are an empty
  /// index. Error{corrupt} for damage that is no torn tail.
  Index(FileSystem& fs, int repository_fd);
  ~Index();
  Index(Index&&) noexcept;

  std::optional<IndexEntry> find(std::string_view path) const;
  /// True if the path or anything below it is tracked.
  bool contains_within(std::string_view path) const;
  /// True if what is at this path is what is tracked there: a directory where a directory is, anything else where no directory is.
  bool tracks(std::string_view path, EntryKind kind) const;
  bool empty() const;
  /// Bytes at the end of the log that are no complete batch: left by a crash, ignored, cut off by the next
  /// writer. For fsck.
  std::uint64_t torn_bytes() const;

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

  /// The log is folded into the base when it exceeds this and a quarter of the base. Every start reads the log (2 ms a MiB), and
  /// a small base costs next to nothing to write.
  static constexpr std::uint64_t k_min_log_limit = 64 * 1024;

  /// One atomic batch of changes, in path order, each path at most once (Error{bug} otherwise), in bounded
  /// memory: gathered up to min(16 MiB, max(k_min_log_limit, base/4)), beyond that merged into a new base as it comes
  /// in. Nothing is visible before commit(); destroyed without commit(), it leaves nothing.
  class Batch {
   public:
    Batch(Batch&&) noexcept;
    ~Batch();
    void put(const IndexEntry& entry);
    void remove(const std::string& path);
    /// Appends to the log and syncs (durability.md "Index batch"); `sync` false skips that sync. Then, if the
    /// log exceeds max(k_min_log_limit, base/4), rewrites the base through tmp and rename, always synced. The Index
    /// shows the new state. An empty batch writes nothing.
    void commit(bool sync);

   private:
    friend class Index;
    struct State;
    explicit Batch(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  /// The caller holds the index lock exclusively. Cursors opened before stay valid until commit().
  Batch begin();

  /// Makes what is in the log durable, for a writer about to commit a batch without sync: a power loss that kept that batch and
  /// lost an earlier one would look like damage. The caller holds the index lock exclusively.
  void sync_log() const;

 private:
  std::optional<IndexEntry> first_within(std::string_view path) const;

  struct State;
  std::unique_ptr<State> state_;
};

/// Time rule of design §4: an entry whose mtime or ctime is not at least 20 ms (2 s for whole-second stamps)
/// older than `read_started_ns` (CLOCK_REALTIME_COARSE before its first byte was read) is racy.
bool is_racy(const StatKey& stat, std::int64_t read_started_ns);

}  // namespace store
