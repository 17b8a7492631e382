#include "support/fault_file_system.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace store::test {
namespace {

/// As the real file system says it.
std::string fd_name(int fd) {
  char path[4096];
  const ssize_t length = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path, sizeof path);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : fmt::format("descriptor {}", fd);
}

std::string name_of(At at) { return at.dirfd >= 0 && std::string_view(at.name) == "." ? fd_name(at.dirfd) : at.name; }

[[noreturn]] void carry_out(const Fault& fault, FileCall call, std::string_view name) {
  if (fault.action == FaultAction::kill) {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
  }
  throw_errno(fault.error, name_of(call), name);
}

}  // namespace

std::string_view name_of(FileCall call) {
  static constexpr std::array<std::string_view, k_file_calls> k_names{
      "open",    "pwrite", "reserve",    "punch_hole", "truncate", "start_writeback", "fsync",        "fdatasync",
      "syncfs",  "rename", "rename_new", "link",     "unlink",          "mkdir",        "rmdir",
      "symlink", "mknod",  "chmod",      "chmod_at", "chown_at",        "set_times_at", "set_xattr",
      "set_xattr_at", "remove_xattr_at"};
  return k_names[static_cast<std::size_t>(call)];
}

void FaultFileSystem::arm(const Fault& fault) {
  const MutexLock lock(mutex_);
  fault_ = fault;
  matched_ = 0;
  faults_ = 0;
  refused_.clear();
}

void FaultFileSystem::disarm() {
  const MutexLock lock(mutex_);
  fault_.reset();
}

std::uint64_t FaultFileSystem::count(FileCall call) const {
  const MutexLock lock(mutex_);
  const auto found = counts_.find(call);
  return found == counts_.end() ? 0 : found->second;
}

std::uint64_t FaultFileSystem::total() const {
  const MutexLock lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [call, count] : counts_) sum += count;
  return sum;
}

std::uint64_t FaultFileSystem::bytes_written() const {
  const MutexLock lock(mutex_);
  return bytes_written_;
}

std::uint64_t FaultFileSystem::faults() const {
  const MutexLock lock(mutex_);
  return faults_;
}

std::optional<Fault> FaultFileSystem::note(FileCall call) {
  const MutexLock lock(mutex_);
  ++counts_[call];
  if (!fault_ || (fault_->call && *fault_->call != call)) return std::nullopt;
  ++matched_;
  const bool due = fault_->lasts == FaultLasts::once ? matched_ == fault_->nth : matched_ >= fault_->nth;
  if (!due) return std::nullopt;
  ++faults_;
  return fault_;
}

void FaultFileSystem::enter(FileCall call, std::string_view name) {
  if (const std::optional<Fault> fault = note(call)) refuse(*fault, call, name);
}

void FaultFileSystem::refuse(const Fault& fault, FileCall call, std::string_view name) {
  {
    const MutexLock lock(mutex_);
    refused_.emplace_back(name);
  }
  carry_out(fault, call, name);
}

std::vector<std::string> FaultFileSystem::refused() const {
  const MutexLock lock(mutex_);
  return refused_;
}

UniqueFd FaultFileSystem::open(At at, int flags, mode_t mode) {
  enter(FileCall::open, name_of(at));
  return next_.open(at, flags, mode);
}

void FaultFileSystem::pwrite(int fd, ByteView bytes, std::uint64_t offset) {
  if (const std::optional<Fault> fault = note(FileCall::pwrite)) {
    next_.pwrite(fd, bytes.first(std::min(fault->bytes_before, bytes.size())), offset);
    refuse(*fault, FileCall::pwrite, fd_name(fd));
  }
  next_.pwrite(fd, bytes, offset);
  const MutexLock lock(mutex_);
  bytes_written_ += bytes.size();
}

bool FaultFileSystem::reserve(int fd, std::uint64_t offset, std::uint64_t length) {
  enter(FileCall::reserve, fd_name(fd));
  return next_.reserve(fd, offset, length);
}

bool FaultFileSystem::punch_hole(int fd, std::uint64_t offset, std::uint64_t length) {
  enter(FileCall::punch_hole, fd_name(fd));
  return next_.punch_hole(fd, offset, length);
}

void FaultFileSystem::truncate(int fd, std::uint64_t size) {
  enter(FileCall::truncate, fd_name(fd));
  next_.truncate(fd, size);
}

/// Never reports an error, so an armed failure drops the call.
void FaultFileSystem::start_writeback(int fd, std::uint64_t offset, std::uint64_t length) {
  const std::optional<Fault> fault = note(FileCall::start_writeback);
  if (!fault) return next_.start_writeback(fd, offset, length);
  if (fault->action == FaultAction::kill) carry_out(*fault, FileCall::start_writeback, fd_name(fd));
}

void FaultFileSystem::fsync(int fd) {
  enter(FileCall::fsync, fd_name(fd));
  next_.fsync(fd);
}

void FaultFileSystem::fdatasync(int fd) {
  enter(FileCall::fdatasync, fd_name(fd));
  next_.fdatasync(fd);
}

void FaultFileSystem::syncfs(int fd) {
  enter(FileCall::syncfs, fd_name(fd));
  next_.syncfs(fd);
}

void FaultFileSystem::rename(At from, At to) {
  enter(FileCall::rename, name_of(to));
  next_.rename(from, to);
}

void FaultFileSystem::rename_new(At from, At to) {
  enter(FileCall::rename_new, name_of(to));
  next_.rename_new(from, to);
}

void FaultFileSystem::link(At from, At to) {
  enter(FileCall::link, name_of(to));
  next_.link(from, to);
}

void FaultFileSystem::unlink(At at) {
  enter(FileCall::unlink, name_of(at));
  next_.unlink(at);
}

void FaultFileSystem::mkdir(At at, mode_t mode) {
  enter(FileCall::mkdir, name_of(at));
  next_.mkdir(at, mode);
}

void FaultFileSystem::rmdir(At at) {
  enter(FileCall::rmdir, name_of(at));
  next_.rmdir(at);
}

void FaultFileSystem::symlink(const char* target, At at) {
  enter(FileCall::symlink, name_of(at));
  next_.symlink(target, at);
}

void FaultFileSystem::mknod(At at, mode_t mode, dev_t device) {
  enter(FileCall::mknod, name_of(at));
  next_.mknod(at, mode, device);
}

void FaultFileSystem::chmod(int fd, mode_t mode) {
  enter(FileCall::chmod, fd_name(fd));
  next_.chmod(fd, mode);
}

void FaultFileSystem::chmod_at(At at, mode_t mode) {
  enter(FileCall::chmod_at, name_of(at));
  next_.chmod_at(at, mode);
}

void FaultFileSystem::chown_at(At at, uid_t uid, gid_t gid) {
  enter(FileCall::chown_at, name_of(at));
  next_.chown_at(at, uid, gid);
}

void FaultFileSystem::set_times_at(At at, const struct timespec times[2]) {
  enter(FileCall::set_times_at, name_of(at));
  next_.set_times_at(at, times);
}

void FaultFileSystem::set_xattr(int fd, const char* name, ByteView value) {
  enter(FileCall::set_xattr, name);
  next_.set_xattr(fd, name, value);
}

void FaultFileSystem::set_xattr_at(At at, const char* name, ByteView value) {
  enter(FileCall::set_xattr_at, name_of(at));
  next_.set_xattr_at(at, name, value);
}

void FaultFileSystem::remove_xattr_at(At at, const char* name) {
  enter(FileCall::remove_xattr_at, name_of(at));
  next_.remove_xattr_at(at, name);
}

}  // namespace store::test
