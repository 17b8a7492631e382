// One directory of a walk: opened, listed, and stat'ed chunk by chunk. Knows no threads; scanner.cpp
// schedules it.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "worktree/directory_names.h"
#include "worktree/listing_names.h"
#include "worktree/scanner.h"

namespace store {

/// What all listings of one walk share. Constant but for the counter.
struct WalkContext {
  int root_fd = -1;
  ScanOptions options;
  std::uint64_t device = 0;  // of the start, for one_file_system
  std::atomic<int> open_directories{0};
};

/// A directory that entries are looked up in. Its descriptor may be missing: there can be more directories on
/// the way down than descriptors, so only some keep theirs, the others are opened again by path when needed.
class Directory {
 public:
  Directory(std::shared_ptr<WalkContext> walk, std::string path)
      : walk_(std::move(walk)), path_(std::move(path)) {}
  ~Directory();
  const std::string& path() const { return path_; }
  /// Keeps the descriptor if the walk has not too many open.
  void keep(UniqueFd fd);

  /// A descriptor for a moment; negative errno if the directory cannot be opened again.
  struct Lease {
    UniqueFd owner;
    int fd;
  };
  Lease lease() const;

 private:
  std::shared_ptr<WalkContext> walk_;
  std::string path_;
  UniqueFd fd_;
};

/// Results belong to whoever runs the listing, then to the consumer; scanner.cpp hands them over under its
/// mutex.
class Listing {
 public:
  /// Names are stat'ed this many at a time, so that a huge directory is never in memory with all its stats.
  static constexpr std::size_t k_chunk = 4096;

  /// `name` in `parent`; `path` is the listing's own path; `outer`: the rules in force in `parent`, if any are.
  Listing(std::shared_ptr<WalkContext> walk, std::shared_ptr<const Directory> parent, std::string name,
          std::string path, IgnoreScope::Pointer outer);

  const std::string& path() const { return path_; }
  /// Opens, reads the names and loads the first chunk. Throws only what ends the walk.
  void start();
  bool has_more() const { return directory_ != nullptr && !names_.at_end(); }

  /// What became of one name: an entry, a failure, or neither (vanished, not accepted).
  struct Found {
    std::optional<ScanEntry> entry;
    std::string failure;
    std::string name;
  };
  /// The next chunk in three steps, of which only the middle one may run on several threads (on different
  /// elements).
  std::vector<Found> next_names();
  void look_up(Found& found, int directory_fd) const;
  void collect(std::vector<Found> chunk);
  const Directory& directory() const { return *directory_; }
  /// The directory could not be opened again: its remaining names are dropped.
  void give_up(int error_number);

  /// Names and entries held: what the walk's window counts.
  std::size_t held() const { return entries.size() + names_.held(); }

  /// A directory among `entries` that is to be entered.
  struct Child {
    std::size_t at;
    std::shared_ptr<Listing> listing;
  };
  /// With the name for a path, which the consumer makes whole: memory of one thread that another frees costs both a lock.
  std::vector<ScanEntry> entries;
  std::vector<Child> children;  // ascending by `at`
  std::vector<PathFailure> failures;
  std::vector<std::string> skipped;

  // The scheduler's own, under its mutex.
  enum class Stage { pending, running, done } stage = Stage::pending;
  bool ahead = false;
  std::exception_ptr error;

 private:
  int open() const;
  bool keep_name(std::string_view name);
  void begin_known(int fd);
  void tell_known();
  void fail(std::string path, const char* call, int error_number);

  std::shared_ptr<WalkContext> walk_;
  std::shared_ptr<const Directory> parent_;
  std::string name_;
  std::string path_;
  IgnoreScope::Pointer ignore_;  // until start(): of the parent
  bool has_rules_ = false;       // a file of ignore rules is among the names
  std::shared_ptr<Directory> directory_;
  DirectoryNames names_;
  /// What becomes known of it with its last name.
  struct Known {
    KnownListing listing;
    ListingNames names;
  };
  std::optional<Known> known_;
};

}  // namespace store
