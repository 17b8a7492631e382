#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ops/known_listings.h"
#include "ops/size_classes.h"
#include "ops/staging.h"
#include "worktree/index.h"
#include "worktree/pathspec.h"

namespace store {

/// Compares the work tree with the index, in path order, and yields what has to be read or staged. One stat per unchanged
/// file, never a read. Thread rule: next() one thread at a time; the scan filter runs on many.
class StageWalk {
 public:
  StageWalk(Workspace& workspace, const StageTarget& target, const AddOptions& options, ResumeJournals* resume);
  ~StageWalk();

  /// The next path to stage; unchanged ones are only counted.
  std::optional<IngestInput> next();

  /// Walks everything once to learn how many regular files and bytes next() will come by, for a progress view.
  struct Extent {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
  };
  Extent measure();
  /// What next() has come by so far.
  const Extent& seen() const { return seen_; }

  /// Counted so far: unchanged files, directories, symlinks.
  const IngestTotals& totals() const { return totals_; }
  const std::vector<PathFailure>& failures() const { return failures_; }
  /// What a merge put beside its conflicts: untracked, and left so, unless an argument names it.
  const std::vector<std::string>& left_copies() const { return left_copies_; }

 private:
  struct Root;
  void find_unchanged();
  bool enter_next_root();
  void queue_root();
  ScanOptions scan_options();
  void collect_failures();
  std::optional<IngestInput> step();
  bool hold(const ScanEntry& found, const IndexEntry* tracked);
  bool replaces(const ScanEntry& found, const IndexEntry& tracked) const;
  std::optional<IngestInput> on_replaced(const ScanEntry& found, const IndexEntry& tracked);
  void release_held();
  void leave_held(const std::string* next);
  bool is_ignored(const ScanEntry& found) const;
  bool is_left_copy(const std::string& path) const;
  std::optional<IngestInput> leave_out(const std::string& path, bool tracked);
  void push(IngestInput input);
  std::optional<IngestInput> on_tracked_only(const IndexEntry& tracked);
  bool stays(const IndexEntry& tracked) const;
  bool holds_what_stays(const std::string& directory);
  std::optional<IngestInput> on_found(const ScanEntry& found, const IndexEntry* tracked);
  std::optional<IngestInput> in_another_form(const ScanEntry& found, const IndexEntry& tracked);
  bool is_there(const IndexEntry& tracked) const;
  IngestInput input_for(const ScanEntry& found, const IndexEntry* tracked);
  std::optional<IngestInput> attributes_of(const ScanEntry& found, const IndexEntry& tracked);
  void queue_ancestors(const std::string& path);
  bool accept(const ScanEntry& found);
  bool is_own_repository(const ScanEntry& found) const;
  bool kept(const std::string& path) const;
  void count(const ScanEntry& found, const IndexEntry& entry);
  void count(const UnchangedSubtree& subtree);

  Workspace& workspace_;
  const int root_fd_;
  const Index& index_;
  const AddOptions& options_;
  ResumeJournals* resume_;
  SizeClasses classes_;
  PathspecSet pathspecs_;
  std::vector<std::string> roots_;
  std::uint64_t root_device_;
  StatKey repository_;  // of its folder, for `save`, which may find it anywhere
  MetadataSelection metadata_;
  std::optional<KnownListings> listings_;  // of a walk over all of the working tree
  KnownListings::Subtrees unchanged_;
  std::size_t next_root_ = 0;
  std::unique_ptr<Root> root_;
  std::vector<IngestInput> queued_;      // ancestors first; taken from the front
  std::size_t queued_taken_ = 0;
  std::string ancestors_of_;             // last directory whose ancestors were seen to
  std::set<std::string> queued_directories_;
  /// Untracked directories above the walk, of which nothing is staged yet: one in which all is ignored stays untracked.
  struct Held {
    ScanEntry directory;
    bool empty = true;
    std::optional<IndexEntry> replaced = {};  // tracked at its path, and gone
  };
  std::vector<Held> held_;  // outermost first
  IngestTotals totals_;
  Extent seen_;
  std::vector<PathFailure> failures_;
  std::set<std::string> merge_copies_;
  std::vector<std::string> left_copies_;
  std::optional<Index::Cursor> staying_;  // where the search for what stays in `staying_from_` ended
  std::string staying_from_;
  std::vector<std::string> unreadable_;  // what is below stays as it was
  mutable Mutex mutex_;
  std::vector<std::string> left_out_ STORE_GUARDED_BY(mutex_);  // tracked directories on other file systems
};

}  // namespace store
