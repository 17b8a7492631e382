#include "worktree/target.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "base/text.h"
#include "worktree/scan_entry.h"
#include "worktree/scanner.h"

namespace store {
namespace {

constexpr mode_t k_permission_bits = 07777;
constexpr mode_t k_plain_bits =
    0777;  // what open(2) may be given: set-id bits come by fchmod, after the content
constexpr mode_t k_unfinished_directory = 0700;
constexpr std::string_view k_temporary_prefix = ".store-tmp-";
constexpr std::size_t k_temporary_digits = 16;
constexpr int k_temporary_attempts = 16;
constexpr std::size_t k_zeros_per_write = 256u << 10;

/// Runs a step; its error names the whole path instead of the last component alone.
template <typename Step>
auto in_path(const std::string& path, Step step) {
  try {
    return step();
  } catch (Error& error) {
    error.add_context(escape_name(path));
    throw;
  }
}

/// False if the step was refused with this errno; other errors go on.
template <typename Step>
bool unless_refused(std::initializer_list<int> refusals, Step step) {
  try {
    step();
    return true;
  } catch (const Error& error) {
    for (const int refusal : refusals)
      if (error.errno_value() == refusal) return false;
    throw;
  }
}

/// The open directory of a path, and its last component. O_PATH: nothing but search permission above is
/// needed.
struct Place {
  UniqueFd directory;
  std::string name;
  At at() const { return {directory.get(), name.c_str()}; }
};

/// Trees are validated before they are written, so this is the second line of defence.
void check_name(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    throw Error(ErrorKind::bug, fmt::format("\"{}\": is no name in a work tree", escape_name(name)));
}

Place place_of(int root_fd, const std::string& path) {
  Place place;
  place.name = base_name(path);
  check_name(place.name);
  const std::string parent(parent_path(path));
  const int fd = open_beneath(root_fd, parent, O_PATH | O_DIRECTORY);
  if (fd < 0) throw_errno(-fd, "open", escape_name(parent.empty() ? "." : parent));
  place.directory.reset(fd);
  return place;
}

std::uint64_t random_number() { return std::stoull(random_hex(k_temporary_digits), nullptr, 16); }

/// For the way out of a failure, whose own error is the one to report.
void remove_quietly(FileSystem& fs, At at) {
  try {
    fs.unlink(at);
  } catch (const std::exception&) {  // for want of memory, too: another error is on its way
  }
}

/// Sets the size; file systems that cannot make a file longer this way say EPERM (ftruncate(2)), and get a last byte.
void set_size(FileSystem& fs, int fd, std::uint64_t size) {
  const auto now = static_cast<std::uint64_t>(stat_fd(fd, "new file").st_size);
  if (now == size) return;
  if (now > size) return fs.truncate(fd, size);
  if (unless_refused({EPERM, EOPNOTSUPP}, [&] { fs.truncate(fd, size); })) return;
  const std::byte zero{0};
  fs.pwrite(fd, {&zero, 1}, size - 1);
}

UniqueFd create(FileSystem& fs, At at, mode_t mode) {
  return fs.open(at, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

dev_t device_of(std::uint64_t number) {
  return makedev(static_cast<unsigned>(number >> 32), static_cast<unsigned>(number & 0xffffffffU));
}

mode_t node_type(EntryKind kind) {
  if (kind == EntryKind::fifo) return S_IFIFO;
  if (kind == EntryKind::char_device) return S_IFCHR;
  if (kind == EntryKind::block_device) return S_IFBLK;
  throw Error(ErrorKind::bug, "make_node: neither fifo nor device");
}

}  // namespace

bool is_temporary_name(std::string_view name) {
  if (name.size() != k_temporary_prefix.size() + k_temporary_digits || !name.starts_with(k_temporary_prefix)) return false;
  return name.find_first_not_of("0123456789abcdef", k_temporary_prefix.size()) == std::string_view::npos;
}

TargetTree::TargetTree(FileSystem& fs, const std::string& path)
    : fs_(&fs), path_(path), next_temporary_(random_number()) {
  root_ = open_readonly(AT_FDCWD, path, O_DIRECTORY);
}

/// Makes something by `make(At)` under a name that nothing has, and returns the name.
template <typename Make>
std::string TargetTree::make_temporary(int directory_fd, Make make) const {
  for (int attempt = 1;; ++attempt) {
    std::string name = fmt::format("{}{:0{}x}", k_temporary_prefix, next_temporary_++, k_temporary_digits);
    try {
      make(At{directory_fd, name.c_str()});
      return name;
    } catch (const Error& error) {
      if (error.errno_value() != EEXIST || attempt == k_temporary_attempts) throw;
    }
    next_temporary_ = random_number();  // somebody's: those that follow may be, too
  }
}

/// Makes something under a temporary name by `make(At)` and gives it its own.
template <typename Make>
void TargetTree::make_and_rename(At at, File::Replace replace, Make make) const {
  const std::string name = make_temporary(at.dirfd, make);
  const At temporary{at.dirfd, name.c_str()};
  try {
    if (replace == File::Replace::yes) fs_->rename(temporary, at);
    else fs_->rename_new(temporary, at);
  } catch (...) {
    remove_quietly(*fs_, temporary);
    throw;
  }
}

UniqueFd TargetTree::open_directory(const std::string& path) const {
  int fd = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
  // A directory that may be written to but not read: the descriptor can still be used to get at names in it.
  if (fd == -EACCES) fd = open_beneath(root_.get(), path, O_PATH | O_DIRECTORY);
  if (fd < 0) throw_errno(-fd, "open", escape_name(path.empty() ? path_ : path));
  return UniqueFd(fd);
}

bool TargetTree::make_directory(const std::string& path) const {
  if (path.empty()) return false;
  const Place place = place_of(root_.get(), path);
  return in_path(path, [&] {
    if (unless_refused({EEXIST}, [&] { fs_->mkdir(place.at(), k_unfinished_directory); })) return true;
    const std::optional<struct stat> info = stat_at(place.directory.get(), place.name);
    if (info && S_ISDIR(info->st_mode)) return false;
    throw Error(ErrorKind::exists, "is there already and is no directory").with_errno(EEXIST);
  });
}

/// File systems without modes refuse, or leave it as it is.
template <typename Change>
void TargetTree::change_mode(Change change) const {
  if (!unless_refused({EOPNOTSUPP, ENOSYS}, change)) keeps_modes_ = false;
}

/// Exact permission bits of an open file, whatever the umask left; the stat after it.
struct stat TargetTree::finish_mode(int fd, std::uint16_t mode) const {
  struct stat info = stat_fd(fd, "new file");
  if ((info.st_mode & k_permission_bits) == mode) return info;
  change_mode([&] { fs_->chmod(fd, mode); });
  info = stat_fd(fd, "new file");
  if ((info.st_mode & k_permission_bits) != mode) keeps_modes_ = false;
  return info;
}

void TargetTree::set_directory_mode(const std::string& path, std::uint16_t mode) const {
  const int fd = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
  const UniqueFd owner(fd);
  if (fd >= 0) {
    in_path(path, [&] { finish_mode(fd, mode); });
  } else if (fd == -EACCES && !path.empty()) {  // its own bits keep us from opening it
    const Place place = place_of(root_.get(), path);
    in_path(path, [&] { change_mode([&] { fs_->chmod_at(place.at(), mode); }); });
  } else {
    throw_errno(-fd, "open", escape_name(path.empty() ? path_ : path));
  }
}

TargetTree::File::File(File&& other) noexcept { *this = std::move(other); }

TargetTree::File& TargetTree::File::operator=(File&& other) noexcept {
  std::swap(tree_, other.tree_);
  std::swap(directory_, other.directory_);
  std::swap(fd_, other.fd_);
  std::swap(temporary_, other.temporary_);
  std::swap(name_, other.name_);
  return *this;
}

TargetTree::File::~File() {
  if (!temporary_.empty()) remove_quietly(*tree_->fs_, {directory_.get(), temporary_.c_str()});
}

void TargetTree::File::write(ByteView bytes, std::uint64_t offset) const {
  in_path(name_, [&] { tree_->fs_->pwrite(fd_.get(), bytes, offset); });
}

void TargetTree::File::reserve(std::uint64_t length) const {
  in_path(name_, [&] { tree_->fs_->reserve(fd_.get(), 0, length); });
}

void TargetTree::File::clear(std::uint64_t offset, std::uint64_t length) const {
  static const std::array<std::byte, k_zeros_per_write> zeros{};
  in_path(name_, [&] {
    if (tree_->fs_->punch_hole(fd_.get(), offset, length)) return;
    for (std::uint64_t done = 0; done < length; done += zeros.size())
      tree_->fs_->pwrite(fd_.get(), ByteView(zeros).first(std::min<std::uint64_t>(zeros.size(), length - done)), offset + done);
  });
}

StatKey TargetTree::File::commit(std::uint64_t size, std::uint16_t mode, Replace replace, const FileFinish& finish) {
  return in_path(name_, [&] {
    FileSystem& fs = *tree_->fs_;
    const bool in_place = temporary_.empty();
    set_size(fs, fd_.get(), size);
    if (finish.apply) finish.apply({.directory_fd = directory_.get(), .name = in_place ? name_ : temporary_, .fd = fd_.get()});
    else tree_->finish_mode(fd_.get(), mode);
    const At from{directory_.get(), temporary_.c_str()};
    const At to{directory_.get(), name_.c_str()};
    if (!in_place && replace == Replace::yes)
      fs.rename(from, to);
    else if (!in_place)
      fs.rename_new(from, to);
    temporary_.clear();
    const StatKey key = key_of_stat(stat_fd(fd_.get(), name_));  // after the rename: it sets the ctime
    fd_.reset();
    directory_.reset();
    return key;
  });
}

TargetTree::File TargetTree::create_file(const std::string& path) const {
  Place place = place_of(root_.get(), path);
  File file;
  file.tree_ = this;
  std::string temporary = in_path(path, [&] {
    return make_temporary(place.directory.get(), [&](At at) { file.fd_ = create(*fs_, at, k_unfinished_file_mode); });
  });
  file.directory_ = std::move(place.directory);
  file.temporary_ = std::move(temporary);  // which wants no memory: the file is there and has to go if this fails
  file.name_ = std::move(place.name);
  return file;
}

std::optional<TargetTree::File> TargetTree::open_in_place(const std::string& path, const StatKey& expected,
                                                          std::uint64_t size) const {
  Place place = place_of(root_.get(), path);
  return in_path(path, [&]() -> std::optional<File> {
    UniqueFd fd;
    const bool opened = unless_refused({ETXTBSY, EACCES, EPERM}, [&] {
      fd = fs_->open(place.at(), O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
    });
    if (!opened) return std::nullopt;
    const struct stat info = stat_fd(fd.get(), place.name);
    if (!S_ISREG(info.st_mode) || info.st_nlink != 1 || key_of_stat(info) != expected)
      throw Error(ErrorKind::conflict, "was changed meanwhile");
    if (size > expected.size) set_size(*fs_, fd.get(), size);
    File file;
    file.tree_ = this;
    file.fd_ = std::move(fd);
    file.directory_ = std::move(place.directory);
    file.name_ = std::move(place.name);
    return file;
  });
}

StatKey TargetTree::write_small_file(int directory_fd, const std::string& name, ByteView content, std::uint16_t mode,
                                     File::Replace replace, const FileFinish& finish) const {
  check_name(name);
  const At final_place{directory_fd, name.c_str()};
  const mode_t initial_mode = (finish.apply ? finish.initial_mode : mode) & k_plain_bits;
  return in_path(name, [&] {
    UniqueFd fd;
    const std::string temporary = make_temporary(directory_fd, [&](At unfinished) { fd = create(*fs_, unfinished, initial_mode); });
    const At at{directory_fd, temporary.c_str()};
    try {
      fs_->pwrite(fd.get(), content, 0);
      if (finish.apply) finish.apply({.directory_fd = directory_fd, .name = temporary, .fd = fd.get()});
      else finish_mode(fd.get(), mode);
      if (replace == File::Replace::yes) fs_->rename(at, final_place);
      else fs_->rename_new(at, final_place);
    } catch (...) {
      remove_quietly(*fs_, at);
      throw;
    }
    return key_of_stat(stat_fd(fd.get(), name));  // after the rename: it sets the ctime
  });
}

void TargetTree::make_symlink(const std::string& path, const std::string& target,
                              File::Replace replace) const {
  if (target.find('\0') != std::string::npos)
    throw_corrupt(escape_name(path) + ": link target contains a NUL byte");
  const Place place = place_of(root_.get(), path);
  in_path(path, [&] {
    const auto make = [&](At at) { fs_->symlink(target.c_str(), at); };
    if (replace == File::Replace::no)
      make(place.at());
    else if (!unless_refused({EEXIST}, [&] { make(place.at()); }))
      make_and_rename(place.at(), replace, make);
  });
}

bool TargetTree::make_link(const std::string& existing, const std::string& path, File::Replace replace) const {
  const Place from = place_of(root_.get(), existing);
  const Place place = place_of(root_.get(), path);
  return in_path(path, [&] {
    return unless_refused({EPERM, EMLINK, EXDEV, EOPNOTSUPP, ENOSYS}, [&] {
      make_and_rename(place.at(), replace, [&](At at) { fs_->link(from.at(), at); });
    });
  });
}

void TargetTree::make_node(const std::string& path, EntryKind kind, std::uint16_t mode, std::uint64_t device,
                           File::Replace replace) const {
  const Place place = place_of(root_.get(), path);
  const dev_t number = kind == EntryKind::fifo ? 0 : device_of(device);
  const mode_t type = node_type(kind);
  in_path(path, [&] {
    make_and_rename(place.at(), replace, [&](At at) {
      fs_->mknod(at, type | k_unfinished_file_mode, number);
      try {
        fs_->chmod_at(at, mode);
      } catch (...) {
        remove_quietly(*fs_, at);
        throw;
      }
    });
  });
}

void TargetTree::remove_file(const std::string& path) const {
  unless_refused({ENOENT, ENOTDIR}, [&] {
    const Place place = place_of(root_.get(), path);
    in_path(path, [&] { fs_->unlink(place.at()); });
  });
}

bool TargetTree::remove_directory(const std::string& path) const {
  bool empty = true;
  unless_refused({ENOENT}, [&] {
    const Place place = place_of(root_.get(), path);
    empty = in_path(path, [&] {
      return unless_refused({ENOTEMPTY, EEXIST}, [&] { fs_->rmdir(place.at()); });
    });
  });
  return empty;
}

void TargetTree::sync() const {
  in_path(path_, [&] { fs_->syncfs(root_.get()); });
}

}  // namespace store
