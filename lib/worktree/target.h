#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/file_system.h"
#include "format/index_record.h"
#include "worktree/xattrs.h"

namespace store {

/// True for the names of what a TargetTree has not finished: `.store-tmp-` and 16 lower-case hex digits, nothing else.
bool is_temporary_name(std::string_view name);

inline constexpr std::uint16_t k_unfinished_file_mode = 0600;

/// Gives a finished file mode and attributes, right before it gets its name.
struct FileFinish {
  std::function<void(const FilePlace& file)> apply = {};
  std::uint16_t initial_mode = k_unfinished_file_mode;  // of write_small_file()
};

/// Writes a work tree (or an output folder) without ever leaving it: every step is relative to a directory
/// descriptor opened beneath the root without following symlinks. Thread rule: any thread for different
/// paths. docs/durability.md "Writing the work tree".
class TargetTree {
 public:
  /// `path` must be an existing directory.
  TargetTree(FileSystem& fs, const std::string& path);

  int fd() const { return root_.get(); }
  /// The directory at a relative path ("" = root): opened beneath; Error if it is not a directory.
  UniqueFd open_directory(const std::string& path) const;
  /// Creates a directory if missing (mode 0700 until set_directory_mode); false if it is there already,
  /// Error{exists} if something else is. Never through links.
  bool make_directory(const std::string& path) const;
  /// Exact permission bits at the end, independent of umask.
  void set_directory_mode(const std::string& path, std::uint16_t mode) const;

  /// A file being written under a temporary name (is_temporary_name) in the final directory; commit() gives
  /// it its mode and then its name. Destroyed without commit(): the temporary is removed. Or one that is rewritten in
  /// place (open_in_place()), which has its name and stays. Any number of threads may write ranges of one file.
  class File {
   public:
    File(File&&) noexcept;
    File& operator=(File&&) noexcept;
    ~File();
    int fd() const { return fd_.get(); }
    void write(ByteView bytes, std::uint64_t offset) const;
    /// Reserves space without changing the size (FALLOC_FL_KEEP_SIZE).
    void reserve(std::uint64_t length) const;
    /// Zeros where something else may be: a hole if the file system can make one.
    void clear(std::uint64_t offset, std::uint64_t length) const;
    /// Sets the size (a hole to the end), the mode (or whatever `finish` does instead), and the name; replaces what
    /// is there only with Replace::yes, else Error{exists}.
    enum class Replace : bool { no, yes };
    StatKey commit(std::uint64_t size, std::uint16_t mode, Replace replace, const FileFinish& finish = {});

   private:
    friend class TargetTree;
    File() = default;
    const TargetTree* tree_ = nullptr;
    UniqueFd directory_;
    UniqueFd fd_;
    std::string temporary_;  // of what is rewritten in place: none
    std::string name_;
  };
  File create_file(const std::string& path) const;
  /// A regular file with one link, to be rewritten in place to `size` bytes (it grows at once, and shrinks at the end); nothing if
  /// the system does not let it be opened for writing (a program that runs, a read-only mode). Error{conflict} if it is
  /// not as expected any more.
  std::optional<File> open_in_place(const std::string& path, const StatKey& expected, std::uint64_t size) const;
  /// A small file in one go, in an already open directory, otherwise as create_file() and commit().
  StatKey write_small_file(int directory_fd, const std::string& name, ByteView content, std::uint16_t mode,
                           File::Replace replace, const FileFinish& finish = {}) const;
  /// A hard link of a file in this tree; false if the file system refuses another one.
  bool make_link(const std::string& existing, const std::string& path, File::Replace replace) const;
  void make_symlink(const std::string& path, const std::string& target, File::Replace replace) const;
  /// FIFO or device; devices only as root.
  void make_node(const std::string& path, EntryKind kind, std::uint16_t mode, std::uint64_t device,
                 File::Replace replace) const;
  /// Not through a directory's link; a file that is not there is no error.
  void remove_file(const std::string& path) const;
  /// Removes a directory if it is empty or gone already; false if something is in it.
  bool remove_directory(const std::string& path) const;
  /// One syncfs for everything.
  void sync() const;
  /// False once the file system kept another mode than it was given: it has no place for such.
  bool keeps_modes() const { return keeps_modes_; }

 private:
  template <typename Change>
  void change_mode(Change change) const;
  struct stat finish_mode(int fd, std::uint16_t mode) const;
  template <typename Make>
  std::string make_temporary(int directory_fd, Make make) const;
  template <typename Make>
  void make_and_rename(At at, File::Replace replace, Make make) const;
  FileSystem* fs_;
  std::string path_;
  UniqueFd root_;
  mutable std::atomic<bool> keeps_modes_{true};
  mutable std::atomic<std::uint64_t> next_temporary_;
};

}  // namespace store
