#include "worktree/unchanged.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "base/path.h"
#include "worktree/listing_names.h"
#include "worktree/scan_entry.h"

namespace store {
namespace {

constexpr std::size_t k_batch_files = 256;
constexpr std::size_t k_batch_directories = 16;
/// Files that wait for the end of their directory, in one and in all that are open.
constexpr std::size_t k_max_waiting = 1024;
constexpr std::size_t k_max_waiting_in_all = 16 * 1024;
/// What most directories hold no more of.
constexpr std::size_t k_usual_files = 16;
/// Directories that differ before it is asked whether the others are worth looking at.
constexpr std::size_t k_patience = 64;

/// A tracked file or symlink.
struct Expected {
  std::size_t name;  // where in the names
  EntryKind kind;
  std::uint16_t mode;
  StatKey stat;
};

/// What is found out of a directory; its parts may be looked at by several threads.
struct TrackedDirectory {
  IndexEntry tracked;
  std::atomic<bool> changed = false;
  std::optional<std::size_t> known;  // its place in the listings, if it is as it was; set with its first part
};

/// Some or all of the files of one directory.
struct Part {
  std::shared_ptr<TrackedDirectory> directory;
  bool first = true;
  bool last = false;
  std::vector<char> names;  // a NUL behind each
  std::vector<Expected> files;
  // Of the whole directory, with its last part:
  ObjectId expected_names;
  UnchangedSubtree counts;  // directories: those in it
};
using Batch = std::vector<Part>;

/// Cuts the index into directories, each behind those in it, their files with them.
class IndexDirectories {
 public:
  IndexDirectories(const Index& index, const UnchangedOptions& options) : cursor_(index.seek("")), options_(options) {
    open(root_entry());
    if (!cursor_.at_end() && cursor_.entry().path.empty()) cursor_.next();
  }

  /// No parts: that was all.
  Batch next() {
    Batch batch;
    std::size_t files = 0;
    batch_ = &batch;
    while (files < k_batch_files && batch.size() < k_batch_directories && step())
      files += std::exchange(new_files_, 0);
    return batch;
  }

 private:
  struct Open {
    Part part;
    ListingNames names;
  };

  static IndexEntry root_entry() {
    IndexEntry root;
    root.kind = EntryKind::directory;
    return root;
  }

  bool step() {
    if (cursor_.at_end()) {
      // The root itself is never told.
      if (open_.size() <= 1) return false;
      close();
      return true;
    }
    const IndexEntry& entry = cursor_.entry();
    const std::string_view parent = parent_path(entry.path);
    if (parent != path()) {
      if (!is_within(entry.path, path())) {
        close();
        return true;
      }
      open_.back().part.directory->changed = true;  // the index lacks what is between
    }
    take(entry, std::string_view(entry.path).substr(parent.empty() ? 0 : parent.size() + 1));
    cursor_.next();
    return true;
  }

  const std::string& path() const { return open_.back().part.directory->tracked.path; }

  void take(const IndexEntry& entry, std::string_view name) {
    Open& parent = open_.back();
    TrackedDirectory& directory = *parent.part.directory;
    if (entry.kind == EntryKind::directory) {
      parent.names.add(name);
      ++parent.part.counts.directories;
      open(entry);
      return;
    }
    if (entry.streamed) return;
    parent.names.add(name);
    const bool plain = is_regular(entry.kind) || entry.kind == EntryKind::symlink;
    if (!plain || entry.racy || (options_.accept && !options_.accept(entry))) directory.changed = true;
    if (directory.changed) return;
    expect(parent.part, name, entry);
    if (parent.part.files.size() >= k_max_waiting) emit(parent.part);
    else if (++waiting_ > k_max_waiting_in_all) emit_waiting();
  }

  static void expect(Part& part, std::string_view name, const IndexEntry& entry) {
    if (part.files.empty()) {
      part.files.reserve(k_usual_files);
      part.names.reserve(k_usual_files * 16);
    }
    part.files.push_back({.name = part.names.size(), .kind = entry.kind, .mode = entry.mode, .stat = entry.stat});
    part.names.insert(part.names.end(), name.begin(), name.end());
    part.names.push_back('\0');
    ++(entry.kind == EntryKind::symlink ? part.counts.symlinks : part.counts.files);
    if (entry.kind == EntryKind::symlink) return;
    part.counts.bytes += entry.size;
    part.counts.chunks += entry.chunks;
  }

  void open(const IndexEntry& entry) {
    Open& opened = open_.emplace_back();
    opened.part.directory = std::make_shared<TrackedDirectory>();
    opened.part.directory->tracked = entry;
    opened.part.directory->changed = entry.path.empty();
  }

  void close() {
    Open& closed = open_.back();
    closed.part.last = true;
    closed.part.expected_names = closed.names.finish();
    emit(closed.part);
    open_.pop_back();
  }

  /// Its first part goes on its way; what comes is the next.
  void emit(Part& part) {
    waiting_ -= std::min(waiting_, part.files.size());
    new_files_ += part.files.size();
    Part next;
    next.directory = part.directory;
    next.first = false;
    next.counts = part.counts;
    batch_->push_back(std::exchange(part, std::move(next)));
  }

  void emit_waiting() {
    for (Open& open : open_)
      if (!open.part.files.empty()) emit(open.part);
  }

  Index::Cursor cursor_;
  const UnchangedOptions& options_;
  std::vector<Open> open_;  // from the root down to where the cursor is
  Batch* batch_ = nullptr;
  std::size_t new_files_ = 0;
  std::size_t waiting_ = 0;
};

class Search {
 public:
  Search(int root_fd, const Index& index, const KnownListingsView& known, const UnchangedOptions& options)
      : root_fd_(root_fd), known_(known), options_(options), directories_(index, options) {}

  UnchangedSubtrees run() {
    namespace tbb = oneapi::tbb;
    using tbb::filter_mode;
    using Pointer = std::shared_ptr<Batch>;
    const auto read = [this](tbb::flow_control& control) {
      if (options_.check_cancelled) options_.check_cancelled();
      auto batch = std::make_shared<Batch>(hopeless_ ? Batch() : directories_.next());
      if (batch->empty()) control.stop();
      return batch;
    };
    const auto look = [this](const Pointer& batch) {
      for (Part& part : *batch) compare(part);
      return batch;
    };
    const auto settle = [this](const Pointer& batch) {
      for (const Part& part : *batch)
        if (part.last) finish(part);
    };
    const auto chain = tbb::make_filter<void, Pointer>(filter_mode::serial_in_order, read) &
                       tbb::make_filter<Pointer, Pointer>(filter_mode::parallel, look) &
                       tbb::make_filter<Pointer, void>(filter_mode::serial_in_order, settle);
    tbb::task_arena arena(static_cast<int>(options_.threads));
    arena.execute([&] { tbb::parallel_pipeline(options_.threads * 4, chain); });
    UnchangedSubtrees result;
    for (auto& [path, counts] : unchanged_) result.subtrees.emplace(std::move(path), counts);
    result.confirmed = std::move(confirmed_);
    return result;
  }

 private:
  void compare(Part& part) const {
    TrackedDirectory& directory = *part.directory;
    if (directory.changed) return;
    const UniqueFd fd(open_beneath(root_fd_, directory.tracked.path, O_PATH | O_DIRECTORY));
    if (!fd || (part.first && !same_directory(fd.get(), directory)) || !same_files(fd.get(), part)) directory.changed = true;
  }

  bool same_directory(int fd, TrackedDirectory& directory) const {
    struct stat info;
    if (::fstat(fd, &info) != 0) return false;
    directory.known = find(info);
    if (!directory.known) return false;
    const ScanEntry found = entry_of_stat(directory.tracked.path, info);
    return options_.recorded_mode(found.kind, found.mode) == directory.tracked.mode &&
           (!options_.accept_directory || options_.accept_directory(directory.tracked, found));
  }

  std::optional<std::size_t> find(const struct stat& info) const {
    const StatKey key = key_of_stat(info);
    const std::size_t at = known_.find(key.device, key.inode);
    if (at == known_.size()) return {};
    const KnownListing listing = known_.at(at);
    if (listing.mtime_ns != key.mtime_ns || listing.ctime_ns != key.ctime_ns) return {};
    return at;
  }

  bool same_files(int fd, const Part& part) const {
    struct stat info;
    for (const Expected& file : part.files) {
      if (part.directory->changed) return false;
      if (::fstatat(fd, &part.names[file.name], &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) return false;
      if (key_of_stat(info) != file.stat) return false;
      const bool symlink = S_ISLNK(info.st_mode);
      if (symlink ? file.kind != EntryKind::symlink : !S_ISREG(info.st_mode) || !is_regular(file.kind)) return false;
      if (options_.recorded_mode(file.kind, info.st_mode & 07777) != file.mode) return false;
    }
    return true;
  }

  /// Directories come behind those in them: what is unchanged below stands at the end.
  void finish(const Part& part) {
    const TrackedDirectory& directory = *part.directory;
    const bool same = !directory.changed && directory.known && known_.at(*directory.known).names == part.expected_names;
    if (same) confirmed_.push_back(static_cast<std::uint32_t>(*directory.known));
    if (!same && ++changed_ > k_patience && changed_ > confirmed_.size()) hopeless_ = true;
    if (!same) return;
    UnchangedSubtree counts = part.counts;
    const std::string& path = directory.tracked.path;
    auto below = unchanged_.end();
    std::size_t children = 0;
    while (below != unchanged_.begin() && is_within(std::prev(below)->first, path)) {
      --below;
      if (parent_path(below->first) != path) return;
      counts.add(below->second);
      ++children;
    }
    if (children != part.counts.directories) return;
    unchanged_.erase(below, unchanged_.end());
    unchanged_.emplace_back(path, counts);
  }

  const int root_fd_;
  const KnownListingsView& known_;
  const UnchangedOptions& options_;
  IndexDirectories directories_;
  std::vector<std::pair<std::string, UnchangedSubtree>> unchanged_;
  std::vector<std::uint32_t> confirmed_;
  std::size_t changed_ = 0;
  std::atomic<bool> hopeless_ = false;
};

}  // namespace

void UnchangedSubtree::add(const UnchangedSubtree& other) {
  files += other.files;
  symlinks += other.symlinks;
  directories += other.directories;
  bytes += other.bytes;
  chunks += other.chunks;
}

UnchangedSubtrees find_unchanged(int root_fd, const Index& index, const KnownListingsView& known,
                                 const UnchangedOptions& options) {
  if (known.size() == 0) return {};
  return Search(root_fd, index, known, options).run();
}

bool stamps_directories(int root_fd) {
  struct statfs info;
  if (::fstatfs(root_fd, &info) != 0) return false;
  const auto type = static_cast<long>(info.f_type);
  return type == EXT4_SUPER_MAGIC || type == XFS_SUPER_MAGIC || type == BTRFS_SUPER_MAGIC || type == TMPFS_MAGIC;
}

}  // namespace store
