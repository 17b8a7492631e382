#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace store {

/// Names in one block of memory, NUL after each: 4 bytes a name beyond its own length.
class NamePool {
 public:
  void add(std::string_view name);
  void sort();
  void clear();
  std::size_t size() const { return offsets_.size(); }
  std::size_t bytes() const { return text_.size(); }
  /// NUL-terminated.
  std::string_view at(std::size_t index) const { return &text_[offsets_[index]]; }

 private:
  std::vector<char> text_;
  std::vector<std::uint32_t> offsets_;
};

/// The names of one directory, ascending by unsigned bytes, each once. Up to `run_length` names are sorted in
/// memory; more become sorted runs in an unlinked temporary file that next() merges. One thread at a time.
class DirectoryNames {
 public:
  /// Reads the directory open at `fd` to its end. `keep` sees each name but "." and "..", in no order; false
  /// drops it. Returns 0, or the errno of a directory that could not be read to its end. Throws if the
  /// temporary file fails.
  int read(int fd, std::size_t run_length, const std::function<bool(std::string_view)>& keep);
  /// The next name; valid until the next call.
  std::optional<std::string_view> next();
  bool at_end() const;
  /// Names held in memory.
  std::size_t held() const { return pool_.size(); }

 private:
  struct Run {
    std::uint64_t at = 0;
    std::uint64_t end = 0;
    std::vector<char> buffer;
    std::size_t position = 0;
    std::string_view name() const { return &buffer[position]; }
  };
  void spill();
  void start_merge();
  bool advance(Run& run);
  bool later(std::size_t a, std::size_t b) const { return runs_[a].name() > runs_[b].name(); }
  std::optional<std::string_view> next_merged();

  NamePool pool_;
  std::size_t position_ = 0;
  UniqueFd file_;
  std::uint64_t file_size_ = 0;
  std::size_t buffer_size_ = 0;
  std::vector<Run> runs_;
  std::vector<std::size_t> heap_;  // of runs, the one with the lowest name first
  std::string last_;               // of the merge: what next() returned
};

}  // namespace store
