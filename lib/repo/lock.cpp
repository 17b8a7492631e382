#include "repo/lock.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "base/date.h"
#include "base/error.h"
#include "base/text.h"
#include "repo/directory.h"
#include "repo/repository.h"
#include "repo/session.h"

namespace store {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds k_notice_after{2000};
constexpr milliseconds k_shortest_nap{1};
constexpr milliseconds k_longest_nap{50};
/// One length for all holders: a single write, nothing to cut off.
constexpr std::size_t k_holder_line = 256;

std::string lock_path(LockName name) { return fmt::format("{}/{}", layout::k_locks, name_of(name)); }

struct flock lock_request(LockMode mode, LockRange range) {
  struct flock request {};
  request.l_type = mode == LockMode::shared ? F_RDLCK : F_WRLCK;
  request.l_whence = SEEK_SET;
  request.l_start = range == LockRange::rest ? 1 : 0;
  request.l_len = range == LockRange::first ? 1 : 0;  // 0: to the end, whatever the size
  return request;
}

struct HeldLock {
  const LockDirectory* directory;
  LockName name;
  LockMode mode;
};
thread_local std::vector<std::weak_ptr<const HeldLock>> t_held;

// durability.md: lock 1
void check_order(const LockDirectory* directory, LockName name, LockMode mode) {
  for (const auto& weak : t_held) {
    const std::shared_ptr<const HeldLock> held = weak.lock();
    if (!held || held->directory != directory || held->name < name) continue;
    if (held->name == name && held->mode == LockMode::shared && mode == LockMode::shared) continue;
    throw Error(ErrorKind::bug, fmt::format("lock {}: waited for while holding {}", name_of(name), name_of(held->name)));
  }
}

std::shared_ptr<const void> remember(const LockDirectory* directory, LockName name, LockMode mode) {
  std::erase_if(t_held, [](const auto& weak) { return weak.expired(); });
  auto held = std::make_shared<const HeldLock>(HeldLock{directory, name, mode});
  t_held.push_back(held);
  return held;
}

// durability.md: lock 4
void write_holder_line(FileSystem& fs, int fd, const std::string& command) {
  const SessionInfo info = describe_process(command);
  std::string line = describe(info);
  line.resize(k_holder_line - 1, ' ');
  line += '\n';
  // The lock is held all the same; a full disk must not stop whoever wants to free space.
  quietly([&] { fs.pwrite(fd, as_bytes(line), 0); });
}

std::string read_holder_line(int fd) {
  std::string line(k_holder_line, '\0');
  line.resize(pread_full(fd, std::as_writable_bytes(std::span(line)), 0, "lock"));
  line.resize(std::min(line.size(), line.find('\n')));
  line.erase(line.find_last_not_of(' ') + 1);
  return line.empty() ? "another process" : escape_name(line);
}

std::string describe_sessions(int repository_fd) {
  const SessionInfo self = describe_process({});
  std::string text;
  for (const SessionInfo& session : live_sessions(repository_fd))
    if (session.pid != self.pid || session.host != self.host)
      text += (text.empty() ? "" : "; ") + escape_name(describe(session));
  return text.empty() ? "a reader" : text;
}

}  // namespace

std::string_view name_of(LockName name) {
  static constexpr std::string_view k_names[] = {"gate", "repo", "index", "merge", "catalog", "refs"};
  return k_names[static_cast<std::size_t>(name)];
}

bool try_lock_file(int fd, LockMode mode, LockRange range) {
  struct flock request = lock_request(mode, range);
  for (;;) {
    if (::fcntl(fd, F_OFD_SETLK, &request) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    if (errno != EINTR) throw_errno(errno, "fcntl", "lock");
  }
}

std::optional<LockMode> conflicting_lock(int fd, LockMode mode, LockRange range) {
  struct flock request = lock_request(mode, range);
  if (::fcntl(fd, F_OFD_GETLK, &request) != 0) throw_errno(errno, "fcntl", "lock");
  if (request.l_type == F_UNLCK) return std::nullopt;
  return request.l_type == F_RDLCK ? LockMode::shared : LockMode::exclusive;
}

LockDirectory::LockDirectory(FileSystem& fs, int repository_fd) : fs_(fs), repository_fd_(repository_fd) {}

UniqueFd LockDirectory::create_file(const std::string& path) const {
  const At at{repository_fd_, path.c_str()};
  try {
    return fs_.open(at, O_RDWR | O_CREAT);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
  }
  // Its directory is lost. Nothing to sync: whoever finds it lost again makes it again.
  try {
    fs_.mkdir({repository_fd_, layout::k_locks});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::exists) throw;
  }
  try {
    return fs_.open(at, O_RDWR | O_CREAT);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    throw Error(ErrorKind::corrupt, error.message());
  }
}

/// No descriptor: a read-only medium without lock files, where nobody can write either (durability.md: lock 3).
UniqueFd LockDirectory::open_file(LockName name, LockMode mode) const {
  const std::string path = lock_path(name);
  if (mode == LockMode::shared) {
    std::optional<UniqueFd> fd = open_if_exists(repository_fd_, path);
    if (fd) return std::move(*fd);
  }
  try {
    return create_file(path);
  } catch (const Error& error) {
    if (mode == LockMode::shared && error.kind() == ErrorKind::permission) return UniqueFd();
    throw;
  }
}

std::optional<Lock> LockDirectory::try_lock(UniqueFd& fd, LockName name, LockMode mode) const {
  if (!try_lock_file(fd.get(), mode)) return std::nullopt;
  if (mode == LockMode::exclusive) write_holder_line(fs_, fd.get(), command_);
  return Lock(std::move(fd), remember(this, name, mode));
}

std::optional<Lock> LockDirectory::try_acquire(LockName name, LockMode mode) const {
  UniqueFd fd = open_file(name, mode);
  if (!fd) return Lock();
  return try_lock(fd, name, mode);
}

std::optional<std::string> LockDirectory::holder(LockName name, LockMode mode) const {
  const std::optional<UniqueFd> fd = open_if_exists(repository_fd_, lock_path(name));
  if (!fd) return std::nullopt;
  const std::optional<LockMode> conflict = conflicting_lock(fd->get(), mode);
  if (!conflict) return std::nullopt;
  if (*conflict == LockMode::exclusive) return read_holder_line(fd->get());
  return name == LockName::repo ? describe_sessions(repository_fd_) : "a reader";
}

// durability.md: lock 5
Lock LockDirectory::acquire(LockName name, LockMode mode, const LockWait& wait) const {
  check_order(this, name, mode);
  UniqueFd fd = open_file(name, mode);
  if (!fd) return Lock();
  const Clock::time_point start = Clock::now();
  bool told = false;
  for (milliseconds nap = k_shortest_nap;; nap = std::min(nap * 2, k_longest_nap)) {
    if (wait.cancel != nullptr) wait.cancel->check();
    if (std::optional<Lock> lock = try_lock(fd, name, mode)) return std::move(*lock);
    const auto waited = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    if (static_cast<std::uint64_t>(waited.count()) >= wait.timeout_ms)
      throw Error(ErrorKind::locked,
                  fmt::format("lock {}: held by {}", name_of(name), holder(name, mode).value_or("another process")),
                  "--lock-timeout 10m");
    if (!told && wait.on_wait && waited >= k_notice_after) {
      wait.on_wait(holder(name, mode).value_or("another process"));
      told = true;
    }
    std::this_thread::sleep_for(nap);
  }
}

// durability.md: lock 2
Lock enter_repository(const LockDirectory& locks, const LockWait& wait) {
  const Lock gate = locks.acquire(LockName::gate, LockMode::shared, wait);
  return locks.acquire(LockName::repo, LockMode::shared, wait);
}

}  // namespace store
