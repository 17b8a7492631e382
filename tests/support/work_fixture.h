#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ops/add.h"
#include "ops/commit.h"
#include "ops/fsck.h"
#include "ops/status.h"
#include "support/random_bytes.h"
#include "support/scratch.h"
#include "support/unsynced_file_system.h"

namespace store::test {

/// `size` bytes of noise as text.
std::string noise(std::size_t size, std::uint64_t seed);

/// A file of `size` bytes in which only the given pieces (offset, bytes) are written: the rest is a hole.
void write_sparse(const std::string& path, std::uint64_t size,
                  const std::vector<std::pair<std::uint64_t, std::string>>& pieces);

/// A working tree `work` with a repository that init() made, in a scratch folder, and the commands on it. Each command opens the
/// repository anew, as a process of its own would. Chunks are small (average 4 KiB, inline up to 4 KiB), one thread, no syncs.
class WorkFixture {
 public:
  static constexpr std::int64_t k_now = 1'700'000'000;

  WorkFixture();

  const Scratch& scratch() const { return scratch_; }
  std::string path(const std::string& below = {}) const;
  std::string repository_path() const { return path(".store"); }
  /// Removes the repository and makes a new one.
  void start_over();

  void write(const std::string& name, std::string_view content, mode_t mode = 0644) const;
  void append(const std::string& name, std::string_view content) const;
  void remove(const std::string& name) const { scratch_.remove("work/" + name); }
  void make_directory(const std::string& name, mode_t mode = 0755) const;
  void make_symlink(const std::string& name, const std::string& target) const;
  void rename(const std::string& from, const std::string& to) const;
  void chmod(const std::string& name, mode_t mode) const;
  /// Waits until files written so far are no longer racy.
  void settle() const;

  Workspace open() const { return {env, settings, repository_path()}; }
  AddResult add(const AddOptions& options) const;
  AddResult add_paths(std::vector<std::string> paths) const;
  AddResult add_all() const;
  CommitResult commit(const CommitOptions& options) const;
  /// Of what is staged.
  CommitResult commit(const std::string& message = "message") const;
  /// add_all() and commit().
  CommitResult snapshot(const std::string& message = "message") const;
  StatusResult status(const StatusOptions& options = {}) const;
  FsckResult fsck(FsckOptions::Mode mode = FsckOptions::Mode::data) const;

  /// The index entry of a path.
  std::optional<IndexEntry> staged(const std::string& name) const;
  /// Pack files by name with their bytes.
  std::map<std::string, std::string> packs() const;
  /// Objects of a type in all packs of the catalog, each once.
  std::size_t count_objects(ObjectType type) const;

  Environment env;
  Settings settings;
  mutable std::vector<Warning> warnings;

 private:
  Scratch scratch_;
};

/// "M  path", "R  from -> to", "?? dir/": one line each, staged first, then unstaged, then untracked.
std::vector<std::string> lines_of(const StatusResult& status);
/// Kind and message of each problem, for a failing check to show.
std::string describe(const FsckResult& result);

}  // namespace store::test
