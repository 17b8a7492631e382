// The two files of the index, index.base and index.log: reading both as one consistent state, and replacing
// the base.
//
// Readers take no lock. Both files are only ever replaced by rename, the log besides appended to, and neither
// is ever shortened in place, so a mapping stays good. A reader opens the log first, then the base, and
// starts again if the log was replaced meanwhile. What it then has is a base and the log that belongs on it,
// or the next base, which holds that whole log already: applying it again changes nothing. No generation
// number is needed for that.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/file_system.h"
#include "format/index_record.h"

namespace store {

inline constexpr const char* k_index_base = "index.base";
inline constexpr const char* k_index_log = "index.log";

/// Which file, and how long: tells whether anybody wrote since.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  std::uint64_t size = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// One state of the index. Immutable: any number of threads.
class IndexSnapshot {
 public:
  /// Path and encoded record of one change; the record may say that the path is removed.
  using Change = std::pair<std::string_view, ByteView>;

  /// Reads the state as it is now. Error{corrupt} if a bad batch is followed by a good one: that is no torn
  /// tail.
  static std::shared_ptr<const IndexSnapshot> load(int repository_fd);
  /// True if the files are still those that were read.
  bool is_current(int repository_fd) const;

  const IndexBaseView& base() const { return *base_; }
  std::uint64_t base_size() const { return base_file_.view().size(); }
  /// The log's changes in path order, one for a path: 32 bytes each.
  const std::vector<Change>& changes() const { return changes_; }
  /// The first change at or behind `path`.
  std::size_t first_change(std::string_view path) const;
  /// The log's complete batches.
  ByteView valid_log() const { return log_file_.view().first(valid_size_); }
  /// What stands behind them: an append that a crash cut short.
  std::uint64_t torn_bytes() const { return log_file_.view().size() - valid_size_; }
  /// Gives the memory back that readers have touched; they read it again from the page cache.
  void let_go() const;

 private:
  void read_log();
  MappedFile base_file_;
  MappedFile log_file_;
  FileIdentity base_identity_;
  FileIdentity log_identity_;
  std::optional<IndexBaseView> base_;
  std::vector<Change> changes_;
  std::size_t valid_size_ = 0;
};

/// Walks base and changes as one, in path order, removed paths left out.
class IndexCursor {
 public:
  IndexCursor(std::shared_ptr<const IndexSnapshot> snapshot, std::string_view path);
  bool at_end() const { return source_ == Source::none; }
  const IndexEntry& entry() const { return source_ == Source::change ? change_entry_ : base_.entry(); }
  void next();
  void next_sibling();

 private:
  enum class Source { none, base, change };
  void settle();
  void count_steps(std::size_t steps);
  std::shared_ptr<const IndexSnapshot> snapshot_;
  IndexBaseView::Cursor base_;
  std::size_t change_ = 0;
  std::size_t steps_ = 0;
  IndexEntry change_entry_;
  Source source_ = Source::none;
};

/// A new index.base on its way (durability.md "Replacing a small file"). The caller holds the index lock.
class IndexBaseFile {
 public:
  IndexBaseFile(FileSystem& fs, int repository_fd);
  IndexBaseFile(const IndexBaseFile&) = delete;
  IndexBaseFile& operator=(const IndexBaseFile&) = delete;
  /// Removes the temporary if it was not published.
  ~IndexBaseFile();
  void add(const IndexEntry& entry) { writer_->add(entry); }
  /// The base is the new one, durably.
  void publish();

 private:
  void write(ByteView bytes);
  void flush();
  FileSystem& fs_;
  int repository_fd_;
  UniqueFd fd_;
  Bytes buffer_;
  std::uint64_t written_ = 0;
  std::optional<IndexBaseWriter> writer_;
  bool published_ = false;
};

/// Puts a log of exactly these batches in the place of what is there, durably.
void replace_index_log(FileSystem& fs, int repository_fd, ByteView batches);
/// Removes what a killed writer left. The caller holds the index lock. Never throws.
void remove_index_leftovers(FileSystem& fs, int repository_fd);

}  // namespace store
