// A working tree, the index of all that is in it, and what a walk learned of its directories: for tests of what does not change.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/file_system.h"
#include "support/scratch.h"
#include "worktree/scanner.h"
#include "worktree/unchanged.h"

namespace store::test {

/// The files of the index lie beside the tree.
class IndexedTree {
 public:
  void directory(const std::string& path) const { REQUIRE(::mkdirat(root(), path.c_str(), 0755) == 0); }
  void write(const std::string& path, const std::string& content = "x") const {
    const UniqueFd fd(::openat(root(), path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644));
    REQUIRE(fd);
    REQUIRE(::write(fd.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  }
  int root() const { return scratch_.dirfd(); }

  /// Stamps of now are told from later ones only when the clock has moved on.
  void settle() {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    Index index = open();
    Index::Batch batch = index.begin();
    learned_.clear();
    std::mutex mutex;
    ScanOptions options;
    options.threads = 2;
    options.listed = [&](const KnownListing& listing) {
      const std::lock_guard lock(mutex);
      learned_.push_back(listing);
    };
    Scanner scanner(root(), "", std::move(options));
    IndexEntry entry;
    entry.kind = EntryKind::directory;
    batch.put(entry);
    while (const std::optional<ScanEntry> found = scanner.next()) batch.put(entry_of(*found));
    batch.commit(false);
    std::sort(learned_.begin(), learned_.end(), ascends);
    file_ = encode_known_listings(learned_);
  }

  /// Changes what is tracked of one path.
  template <typename Change>
  void track(const std::string& path, const Change& change) const {
    Index index = open();
    IndexEntry entry = index.find(path).value();
    change(entry);
    Index::Batch batch = index.begin();
    batch.put(entry);
    batch.commit(false);
  }

  UnchangedSubtrees search(UnchangedOptions options = {}, unsigned threads = 2) const {
    options.threads = threads;
    options.recorded_mode = [](EntryKind kind, std::uint16_t mode) { return kind == EntryKind::symlink ? 0777 : mode; };
    return find_unchanged(root(), open(), KnownListingsView(file_), options);
  }
  /// The paths that are found, sorted.
  std::vector<std::string> unchanged(UnchangedOptions options = {}, unsigned threads = 2) const {
    std::vector<std::string> paths;
    for (const auto& [path, counts] : search(std::move(options), threads).subtrees) paths.push_back(path);
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  std::size_t learned() const { return learned_.size(); }

 private:
  Index open() const { return Index(posix_file_system(), repository_.dirfd()); }
  static IndexEntry entry_of(const ScanEntry& found) {
    IndexEntry entry;
    entry.path = found.path;
    entry.kind = found.kind;
    entry.mode = found.mode;
    if (found.kind == EntryKind::directory) return entry;
    entry.size = found.stat.size;
    entry.chunks = 1;
    entry.stat = found.stat;
    return entry;
  }

  Scratch scratch_;
  Scratch repository_;
  std::vector<KnownListing> learned_;
  Bytes file_;
};

}  // namespace store::test
