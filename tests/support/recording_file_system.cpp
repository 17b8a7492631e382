#include "support/recording_file_system.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "base/path.h"

namespace store::test {
namespace {

NodeType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return NodeType::file;
    case S_IFDIR: return NodeType::directory;
    case S_IFLNK: return NodeType::symlink;
    default: return NodeType::other;
  }
}

constexpr mode_t k_permissions = 07777;

}  // namespace

RecordingFileSystem::RecordingFileSystem(const std::string& folder) : ForwardingFileSystem(posix_file_system()) {
  struct stat info;
  if (::stat(folder.c_str(), &info) != 0) throw std::runtime_error(folder);
  const MutexLock lock(mutex_);
  nodes_[{info.st_dev, info.st_ino}] = k_root_node;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) adopt(entry.path());
  log({.kind = DiskChange::Kind::sync_all});
}

/// Its parent has been adopted before.
void RecordingFileSystem::adopt(const std::string& path) {
  const At at{AT_FDCWD, path.c_str()};
  const bool is_link = std::filesystem::is_symlink(path);
  log_new(at, is_link ? std::filesystem::read_symlink(path).string() : std::string());
  if (is_link || !std::filesystem::is_regular_file(path)) return;
  Bytes bytes(std::filesystem::file_size(path));
  pread_full(open_readonly(AT_FDCWD, path).get(), bytes, 0, path);
  log({.kind = DiskChange::Kind::write, .node = *node_at(at), .bytes = std::move(bytes)});
}

std::optional<NodeId> RecordingFileSystem::node_of(const struct stat& info) const {
  const auto found = nodes_.find({info.st_dev, info.st_ino});
  return found == nodes_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<NodeId> RecordingFileSystem::node_of(int fd) const {
  struct stat info;
  return ::fstat(fd, &info) == 0 ? node_of(info) : std::nullopt;
}

std::optional<NodeId> RecordingFileSystem::node_at(At at) const {
  struct stat info;
  return ::fstatat(at.dirfd, at.name, &info, AT_SYMLINK_NOFOLLOW) == 0 ? node_of(info) : std::nullopt;
}

RecordingFileSystem::Place RecordingFileSystem::place_of(At at) const {
  const std::string path = at.name;
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  struct stat info;
  Place place;
  place.name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (::fstatat(at.dirfd, parent.c_str(), &info, 0) == 0) place.directory = node_of(info);
  return place;
}

void RecordingFileSystem::log_entry(const Place& place, std::optional<NodeId> target) {
  if (!place.directory) return;
  log({.kind = DiskChange::Kind::entry, .node = *place.directory, .name = place.name, .target = target});
}

void RecordingFileSystem::log_new(At at, const std::string& target) {
  const Place place = place_of(at);
  struct stat info;
  if (!place.directory || ::fstatat(at.dirfd, at.name, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  const NodeId node = next_node_++;
  nodes_[{info.st_dev, info.st_ino}] = node;  // a number that was used before is of a file that is gone
  log({.kind = DiskChange::Kind::create,
       .node = node,
       .type = type_of(info.st_mode),
       .mode = info.st_mode & k_permissions,
       .name = target});
  log_entry(place, node);
}

void RecordingFileSystem::log_mode(std::optional<NodeId> node, mode_t mode) {
  if (node) log({.kind = DiskChange::Kind::mode, .node = *node, .mode = mode & k_permissions});
}

UniqueFd RecordingFileSystem::open(At at, int flags, mode_t mode) {
  const MutexLock lock(mutex_);
  struct stat before;
  const bool existed = ::fstatat(at.dirfd, at.name, &before, AT_SYMLINK_NOFOLLOW) == 0;
  UniqueFd fd = next_.open(at, flags, mode);
  if ((flags & O_CREAT) != 0 && !existed) log_new(at);
  const std::optional<NodeId> node = (flags & O_TRUNC) != 0 && existed ? node_of(fd.get()) : std::nullopt;
  if (node) log({.kind = DiskChange::Kind::truncate, .node = *node});
  return fd;
}

void RecordingFileSystem::pwrite(int fd, ByteView bytes, std::uint64_t offset) {
  const MutexLock lock(mutex_);
  next_.pwrite(fd, bytes, offset);
  const std::optional<NodeId> node = node_of(fd);
  if (node && !bytes.empty())
    log({.kind = DiskChange::Kind::write, .node = *node, .offset = offset, .bytes = Bytes(bytes.begin(), bytes.end())});
}

/// To whoever reads the file it is a write of zeros that does not go beyond its end.
bool RecordingFileSystem::punch_hole(int fd, std::uint64_t offset, std::uint64_t length) {
  const MutexLock lock(mutex_);
  if (!next_.punch_hole(fd, offset, length)) return false;
  struct stat info;
  const std::optional<NodeId> node = node_of(fd);
  if (!node || ::fstat(fd, &info) != 0) return true;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (offset < size)
    log({.kind = DiskChange::Kind::write, .node = *node, .offset = offset, .bytes = Bytes(std::min(length, size - offset))});
  return true;
}

void RecordingFileSystem::truncate(int fd, std::uint64_t size) {
  const MutexLock lock(mutex_);
  next_.truncate(fd, size);
  if (const std::optional<NodeId> node = node_of(fd))
    log({.kind = DiskChange::Kind::truncate, .node = *node, .offset = size});
}

void RecordingFileSystem::fsync(int fd) {
  const MutexLock lock(mutex_);
  if (const std::optional<NodeId> node = node_of(fd)) log({.kind = DiskChange::Kind::sync, .node = *node});
}

void RecordingFileSystem::syncfs(int) {
  const MutexLock lock(mutex_);
  log({.kind = DiskChange::Kind::sync_all});
}

void RecordingFileSystem::rename(At from, At to) {
  const MutexLock lock(mutex_);
  const std::optional<NodeId> node = node_at(from);
  const bool same = node && node == node_at(to);  // two names of one file: nothing happens
  next_.rename(from, to);
  if (same) return;
  log_entry(place_of(to), node);
  log_entry(place_of(from), std::nullopt);
}

void RecordingFileSystem::rename_new(At from, At to) {
  const MutexLock lock(mutex_);
  const std::optional<NodeId> node = node_at(from);
  next_.rename_new(from, to);
  log_entry(place_of(to), node);
  log_entry(place_of(from), std::nullopt);
}

void RecordingFileSystem::link(At from, At to) {
  const MutexLock lock(mutex_);
  next_.link(from, to);
  log_entry(place_of(to), node_at(from));
}

void RecordingFileSystem::unlink_as(At at, bool directory) {
  const MutexLock lock(mutex_);
  if (directory)
    next_.rmdir(at);
  else
    next_.unlink(at);
  log_entry(place_of(at), std::nullopt);
}

void RecordingFileSystem::unlink(At at) { unlink_as(at, false); }

void RecordingFileSystem::mkdir(At at, mode_t mode) {
  const MutexLock lock(mutex_);
  next_.mkdir(at, mode);
  log_new(at);
}

void RecordingFileSystem::symlink(const char* target, At at) {
  const MutexLock lock(mutex_);
  next_.symlink(target, at);
  log_new(at, target);
}

void RecordingFileSystem::mknod(At at, mode_t mode, dev_t device) {
  const MutexLock lock(mutex_);
  next_.mknod(at, mode, device);
  log_new(at);
}

void RecordingFileSystem::chmod(int fd, mode_t mode) {
  const MutexLock lock(mutex_);
  next_.chmod(fd, mode);
  log_mode(node_of(fd), mode);
}

void RecordingFileSystem::chmod_at(At at, mode_t mode) {
  const MutexLock lock(mutex_);
  next_.chmod_at(at, mode);
  log_mode(node_at(at), mode);
}

}  // namespace store::test
