#include "ops/workspace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::string_view k_name = ".store";

std::optional<struct stat> stat_path(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return info;
}

void check_owner(const std::string& repository, const std::vector<std::string>& safe_directories,
                 const std::vector<unsigned>& allowed_uids) {
  const std::optional<struct stat> info = stat_path(repository);
  if (!info) return;
  if (std::find(allowed_uids.begin(), allowed_uids.end(), info->st_uid) != allowed_uids.end()) return;
  const std::string worktree(parent_path(repository));
  for (const std::string& safe : safe_directories)
    if (safe == "*" || safe == repository || (base_name(repository) == k_name && safe == worktree)) return;
  throw Error(ErrorKind::permission,
              fmt::format("{}: the repository belongs to another user (uid {})", escape_name(repository), info->st_uid),
              fmt::format("store config --user safe.directory {}", repository));
}

/// True if the folder is there but may not be looked into: nobody can say that it is no repository.
bool is_closed(const std::string& folder) {
  struct stat info;
  if (::stat(folder.c_str(), &info) != 0) return errno == EACCES;
  return ::stat((folder + "/" + layout::k_format).c_str(), &info) != 0 && errno == EACCES;
}

[[noreturn]] void throw_closed(const std::string& folder) {
  throw Error(ErrorKind::permission, fmt::format("{}: may not be looked into", escape_name(folder)));
}

}  // namespace

FoundRepository find_repository(const std::string& start, const std::optional<std::string>& explicit_path,
                                const std::vector<std::string>& safe_directories,
                                const std::vector<unsigned>& allowed_uids) {
  const auto found = [](std::string path) {
    const bool bare = base_name(path) != k_name;
    return FoundRepository{std::move(path), bare};
  };
  if (explicit_path) {
    const std::string inner = *explicit_path + "/" + std::string(k_name);
    if (is_repository(inner)) return found(inner);
    if (is_repository(*explicit_path)) return found(*explicit_path);
    for (const std::string& candidate : {*explicit_path, inner})
      if (is_closed(candidate)) throw_closed(candidate);
    throw Error(ErrorKind::no_repository, fmt::format("{}: no repository here", escape_name(*explicit_path)),
                "store init");
  }
  for (std::string directory = start;; directory = parent_path(directory)) {
    const std::string inner = directory + "/" + std::string(k_name);
    for (const std::string& candidate : {inner, directory}) {
      if (!is_repository(candidate)) continue;
      check_owner(candidate, safe_directories, allowed_uids);
      return found(candidate);
    }
    // A parent that hides everything in it may lie above any working directory; a `.store` that is seen is a repository.
    if (stat_path(inner) && is_closed(inner)) throw_closed(inner);
    if (directory.empty()) break;
  }
  throw Error(ErrorKind::no_repository,
              fmt::format("{}: no repository here or in any parent directory", escape_name(start)), "store init");
}

namespace {

unsigned threads_of(const Settings& settings) {
  const auto wanted = static_cast<unsigned>(settings.performance.max_worker_threads);
  return wanted != 0 ? wanted : available_cpus();
}

}  // namespace

Workspace::Workspace(Environment environment, Settings settings, const std::string& repository)
    : environment_(std::move(environment)),
      settings_(std::move(settings)),
      threads_(threads_of(settings_)),
      thread_limit_(threads_, settings_.performance.max_memory_usage),
      repository_(*environment_.fs, repository) {
  repository_.locks().set_command(environment_.command);
  refs().finish_interrupted();
  if (base_name(repository_.path()) != k_name) return;
  worktree_path_ = parent_path(repository_.path());
  if (worktree_path_.empty()) worktree_path_ = "/";
  worktree_fd_ = open_readonly(AT_FDCWD, worktree_path_, O_DIRECTORY);
}

ObjectStore& Workspace::objects() const {
  if (!objects_) {
    objects_ = std::make_unique<ObjectStore>(
        repository_, ObjectStore::Options{.cache_bytes = settings_.performance.block_cache_bytes()});
  }
  return *objects_;
}

int Workspace::worktree_fd() const {
  if (!worktree_fd_)
    throw Error(ErrorKind::no_worktree,
                fmt::format("{}: a bare repository has no working tree", escape_name(repository_.path())),
                "store checkout REV --out DIR, or store save DIR -b BRANCH -m MSG");
  return worktree_fd_.get();
}

const std::string& Workspace::worktree_path() const {
  worktree_fd();
  return worktree_path_;
}

LockWait Workspace::lock_wait() const {
  return {environment_.lock_timeout_ms, environment_.on_wait, environment_.cancel};
}

void Workspace::warn(std::string kind, std::string message) const {
  if (environment_.warn) environment_.warn({std::move(kind), std::move(message)});
}

void Workspace::check_cancelled() const {
  if (environment_.cancel != nullptr) environment_.cancel->check();
}

}  // namespace store
