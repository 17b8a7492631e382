#include "worktree/listing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "base/text.h"
#include "worktree/index.h"
#include "worktree/scan_entry.h"

namespace store {
namespace {

/// Descriptors one walk keeps open, well below the usual limit of 1,024 for a whole process.
constexpr int k_max_open_directories = 128;

/// These say nothing about the path but about this process: going on would leave out whatever comes next.
bool ends_the_walk(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

std::string reason(const char* call, int error) { return fmt::format("{}: {}", call, std::strerror(error)); }

}  // namespace

Directory::~Directory() {
  if (fd_) --walk_->open_directories;
}

void Directory::keep(UniqueFd fd) {
  if (++walk_->open_directories > k_max_open_directories)
    --walk_->open_directories;
  else
    fd_ = std::move(fd);
}

Directory::Lease Directory::lease() const {
  if (fd_) return {UniqueFd(), fd_.get()};
  const int fd = open_beneath(walk_->root_fd, path_, O_PATH | O_DIRECTORY);
  return {UniqueFd(fd), fd};
}

Listing::Listing(std::shared_ptr<WalkContext> walk, std::shared_ptr<const Directory> parent, std::string name,
                 std::string path, IgnoreScope::Pointer outer)
    : walk_(std::move(walk)),
      parent_(std::move(parent)),
      name_(std::move(name)),
      path_(std::move(path)),
      ignore_(std::move(outer)) {}

void Listing::fail(std::string path, const char* call, int error_number) {
  std::string shown = path.empty() ? std::string(1, '.') : std::move(path);
  if (ends_the_walk(error_number)) throw_errno(error_number, call, escape_name(shown));
  failures.push_back({std::move(shown), reason(call, error_number)});
}

int Listing::open() const {
  const Directory::Lease parent = parent_->lease();
  if (parent.fd < 0) return parent.fd;
  for (;;) {
    const int fd = ::openat(parent.fd, name_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) return fd;
    if (errno != EINTR) return -errno;
  }
}

bool Listing::keep_name(std::string_view name) {
  const std::string_view fault = name_fault(name);
  if (name == k_ignore_file) has_rules_ = true;
  if (fault.empty()) return true;
  known_.reset();
  if (is_repository_name(name))
    skipped.push_back(join_path(path_, name));
  else
    failures.push_back({join_path(path_, name), fmt::format("its name {}", fault)});
  return false;
}

void Listing::give_up(int error_number) {
  directory_.reset();
  if (error_number != ENOENT) fail(path_, "open", error_number);  // what vanished is simply not there
}

/// As of before its names are read.
void Listing::begin_known(int fd) {
  struct stat info;
  if (!walk_->options.listed) return;
  const std::int64_t started = coarse_now_ns();
  if (::fstat(fd, &info) != 0 || info.st_dev != walk_->device) return;
  const StatKey stat = key_of_stat(info);
  if (is_racy(stat, started)) return;
  known_.emplace();
  known_->listing.device = stat.device;
  known_->listing.inode = stat.inode;
  known_->listing.mtime_ns = stat.mtime_ns;
  known_->listing.ctime_ns = stat.ctime_ns;
}

void Listing::tell_known() {
  if (!known_) return;
  known_->listing.names = known_->names.finish();
  walk_->options.listed(known_->listing);
  known_.reset();
}

void Listing::start() {
  UniqueFd fd(open());
  parent_.reset();
  if (!fd) {
    give_up(-fd.get());
    return;
  }
  begin_known(fd.get());
  const int error_number = names_.read(fd.get(), walk_->options.run_length,
                                       [this](std::string_view name) { return keep_name(name); });
  if (error_number != 0) {
    fail(path_, "read directory",
         error_number);  // and nothing of it: half a directory would look like deletions
    return;
  }
  std::sort(skipped.begin(), skipped.end(), PathLess());
  if (ignore_ != nullptr)
    ignore_ = IgnoreScope::inside(std::move(ignore_), path_,
                                  has_rules_ ? read_ignore_file(fd.get(), path_) : std::nullopt);
  directory_ = std::make_shared<Directory>(walk_, path_);
  std::vector<Found> chunk = next_names();
  for (Found& found : chunk) look_up(found, fd.get());
  collect(std::move(chunk));
  if (!children.empty() || has_more()) directory_->keep(std::move(fd));
}

std::vector<Listing::Found> Listing::next_names() {
  std::vector<Found> chunk;
  while (chunk.size() < k_chunk) {
    const std::optional<std::string_view> name = names_.next();
    if (!name) break;
    if (known_) known_->names.add(*name);
    chunk.push_back({.entry = std::nullopt, .failure = {}, .name = std::string(*name)});
  }
  if (names_.at_end()) tell_known();
  return chunk;
}

void Listing::look_up(Found& found, int directory_fd) const {
  struct stat info;
  if (::fstatat(directory_fd, found.name.c_str(), &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
    const int error_number = errno;
    if (ends_the_walk(error_number))
      throw_errno(error_number, "stat", escape_name(join_path(path_, found.name)));
    if (error_number != ENOENT) found.failure = reason("stat", error_number);
    return;
  }
  found.entry = entry_of_stat(join_path(path_, found.name), info);
  if (ignore_ != nullptr)
    found.entry->ignored = ignore_->ignores(found.entry->path, found.entry->kind == EntryKind::directory);
  if (walk_->options.accept && !walk_->options.accept(*found.entry)) found.entry.reset();
}

void Listing::collect(std::vector<Found> chunk) {
  entries.clear();
  children.clear();
  entries.reserve(chunk.size());
  for (Found& found : chunk) {
    if (!found.failure.empty()) failures.push_back({join_path(path_, found.name), std::move(found.failure)});
    if (!found.entry) continue;
    const bool enter = found.entry->kind == EntryKind::directory &&
                       (!walk_->options.one_file_system || found.entry->stat.device == walk_->device) &&
                       (!walk_->options.enter || walk_->options.enter(*found.entry));
    if (enter)
      children.push_back(
          {entries.size(), std::make_shared<Listing>(walk_, directory_, found.name, std::move(found.entry->path), ignore_)});
    found.entry->path = std::move(found.name);
    entries.push_back(std::move(*found.entry));
  }
  if (names_.at_end()) names_ = {};
}

}  // namespace store
