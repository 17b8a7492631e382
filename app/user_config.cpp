#include "app/user_config.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/file_system.h"
#include "base/path.h"
#include "base/text.h"

namespace store {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t k_max_file = 1u << 20;
constexpr milliseconds k_shortest_nap{1};
constexpr milliseconds k_longest_nap{50};

void make_parents(const std::string& path) {
  const std::string parent(parent_path(path));
  struct stat info{};
  if (parent.empty() || stat(parent.c_str(), &info) == 0) return;
  make_parents(parent);
  try {
    posix_file_system().mkdir({AT_FDCWD, parent.c_str()}, 0755);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::exists) throw;  // another one made it meanwhile
  }
}

/// The file itself cannot carry the lock: it is replaced. Nobody unlinks the lock file (durability.md: lock 6).
UniqueFd lock_beside(const std::string& path, const LockWait& wait) {
  const std::string name = path + ".lock";
  UniqueFd fd = posix_file_system().open({AT_FDCWD, name.c_str()}, O_RDWR | O_CREAT, 0600);
  const Clock::time_point start = Clock::now();
  for (milliseconds nap = k_shortest_nap;; nap = std::min(nap * 2, k_longest_nap)) {
    if (wait.cancel != nullptr) wait.cancel->check();
    if (try_lock_file(fd.get(), LockMode::exclusive)) return fd;
    const auto waited = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    if (static_cast<std::uint64_t>(waited.count()) >= wait.timeout_ms)
      throw Error(ErrorKind::locked, escape_name(name) + ": held by another process", "--lock-timeout 10m");
    std::this_thread::sleep_for(nap);
  }
}

}  // namespace

void edit_user_config(const std::string& path, const std::function<std::optional<std::string>(std::string)>& edit,
                      const LockWait& wait) {
  make_parents(path);
  const UniqueFd lock = lock_beside(path, wait);
  const std::optional<Bytes> content = read_file(AT_FDCWD, path, k_max_file);
  const std::optional<std::string> edited = edit(content ? std::string(as_text(*content)) : std::string());
  if (edited) replace_file(posix_file_system(), AT_FDCWD, path, as_bytes(*edited), SyncDirectory::yes);
}

}  // namespace store
