#include "repo/session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>

#include "base/date.h"
#include "base/system_info.h"
#include "base/text.h"
#include "repo/directory.h"

namespace store {
namespace {

constexpr std::size_t k_name_digits = 16;
constexpr int k_most_tries = 100;
constexpr std::uint64_t k_max_info_size = 64u << 10;

std::string session_path(const std::string& name) { return fmt::format("{}/{}", layout::k_sessions, name); }
std::string info_path(const std::string& name) { return fmt::format("{}/{}", session_path(name), layout::k_info); }

/// Nothing while it is being born or if it was torn: it is for messages, and proves nothing.
std::optional<SessionInfo> read_info(int fd) {
  Bytes bytes(k_max_info_size);
  bytes.resize(pread_full(fd, bytes, 0, layout::k_info));
  if (bytes.empty()) return std::nullopt;
  try {
    return decode_session_info(bytes);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool has_work(int directory) {
  for (const std::string& name : list_directory(directory, "."))
    if (name != layout::k_info) return true;
  return false;
}

// durability.md: session 13–15. The caller owns the folder.
void remove_folder(FileSystem& fs, int repository_fd, int directory, const std::string& name) {
  for (const std::string& file : list_directory(directory, "."))
    if (file != layout::k_info) unlink_if_exists(fs, directory, file);
  unlink_if_exists(fs, directory, layout::k_info);
  try {
    fs.rmdir({repository_fd, session_path(name).c_str()});
  } catch (const Error& error) {
    const int reason = error.errno_value();
    if (reason != ENOENT && reason != ENOTEMPTY && reason != EEXIST) throw;
  }
}

/// Opens what may vanish at any moment or belong to another user; nothing then.
template <typename Open>
std::optional<UniqueFd> open_unless_gone(Open open) {
  try {
    return open();
  } catch (const Error& error) {
    const ErrorKind kind = error.kind();
    if (kind == ErrorKind::not_found || kind == ErrorKind::permission || kind == ErrorKind::exists)
      return std::nullopt;
    throw;
  }
}

std::optional<UniqueFd> open_folder(int repository_fd, const std::string& name) {
  return open_unless_gone([&] { return open_readonly(repository_fd, session_path(name), O_DIRECTORY | O_NOFOLLOW); });
}

// durability.md: session 6–8
std::optional<DeadSession> try_adopt(const Repository& repository, const std::string& name) {
  std::optional<UniqueFd> directory = open_folder(repository.fd(), name);
  if (!directory) return std::nullopt;
  std::optional<UniqueFd> info = open_unless_gone(
      [&] { return repository.fs().open({directory->get(), layout::k_info}, O_RDWR | O_CREAT | O_NOFOLLOW); });
  if (!info || !try_lock_file(info->get(), LockMode::exclusive, LockRange::rest)) return std::nullopt;
  if (!is_linked_as(info->get(), repository.fd(), info_path(name))) return std::nullopt;
  std::optional<SessionInfo> about = read_info(info->get());
  return DeadSession{name, std::move(*directory), std::move(*info), std::move(about)};
}

}  // namespace

SessionInfo describe_process(const std::string& command) {
  struct utsname system;
  const bool known = ::uname(&system) == 0;
  SessionInfo info;
  info.host = known ? system.nodename : "unknown";
  info.pid = ::getpid();
  info.command = command;
  info.start = coarse_now_ns() / 1'000'000'000;
  return info;
}

std::string describe(const SessionInfo& session) {
  return fmt::format("pid {} on {}{}{}, since {}", session.pid, session.host, session.command.empty() ? "" : ": ",
                     session.command, format_utc(session.start));
}

Session Session::open(const Repository& repository, const std::string& command, const LockWait& wait) {
  Session session;
  session.repository_ = &repository;
  session.repo_lock_ = enter_repository(repository.locks(), wait);
  if (!repository.writable()) return session;
  try {
    const SessionInfo self = describe_process(command);
    for (int tries = 0; !session.try_make_folder(self); ++tries)
      if (tries == k_most_tries) throw Error(ErrorKind::bug, "sessions: no folder could be made");
  } catch (const Error& error) {
    // Readers go on without one: `cat` has to work on a full disk. directory_fd() tells writers.
    if (error.kind() != ErrorKind::no_space && error.kind() != ErrorKind::permission) throw;
    session.leave();
    session.refused_ = error;
  }
  return session;
}

// durability.md: session 1–5
bool Session::try_make_folder(const SessionInfo& self) {
  FileSystem& fs = repository_->fs();
  info_.reset();
  directory_.reset();
  name_ = random_hex(k_name_digits);
  fs.mkdir({repository_->fd(), session_path(name_).c_str()});
  try {
    directory_ = open_readonly(repository_->fd(), session_path(name_), O_DIRECTORY | O_NOFOLLOW);
    info_ = fs.open({directory_.get(), layout::k_info}, O_RDWR | O_CREAT | O_EXCL);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::exists || error.kind() == ErrorKind::not_found) return false;
    throw;
  }
  if (!try_lock_file(info_.get(), LockMode::exclusive)) return false;
  if (!is_linked_as(info_.get(), repository_->fd(), info_path(name_))) return false;
  fs.pwrite(info_.get(), encode_session_info(self), 0);
  return true;
}

int Session::directory_fd() const {
  if (refused_) throw *refused_;
  return directory_ ? directory_.get() : -1;
}

JournalWriter Session::create_journal() const {
  const int directory = directory_fd();
  if (directory < 0)
    throw Error(ErrorKind::permission, fmt::format("{}: is read-only", escape_name(repository_->path())));
  FileSystem& fs = repository_->fs();
  UniqueFd fd = fs.open({directory, layout::k_journal}, O_RDWR | O_CREAT | O_EXCL);
  const Bytes header = encode_journal_header();
  fs.pwrite(fd.get(), header, 0);
  return JournalWriter(fs, std::move(fd), header.size(), session_path(name_) + "/" + layout::k_journal);
}

void Session::sync_journal(JournalWriter& journal) const {
  journal.sync();
  FileSystem& fs = repository_->fs();
  fs.fsync(directory_fd());
  sync_directory(fs, {repository_->fd(), layout::k_sessions});
}

void Session::remove() {
  if (directory_) remove_folder(repository_->fs(), repository_->fd(), directory_.get(), name_);
  directory_.reset();
  info_.reset();
}

/// Removes a folder without work in it, keeps any other for adoption; never fails: what is left over is dead.
void Session::leave() noexcept {
  try {
    if (directory_ && !has_work(directory_.get())) remove();
  } catch (const std::exception&) {
  }
  directory_.reset();
  info_.reset();
}

Session::Session(Session&&) noexcept = default;

Session& Session::operator=(Session&& other) noexcept {
  if (this == &other) return *this;
  leave();
  repository_ = other.repository_;
  repo_lock_ = std::move(other.repo_lock_);
  name_ = std::move(other.name_);
  directory_ = std::move(other.directory_);
  info_ = std::move(other.info_);
  refused_ = std::move(other.refused_);
  return *this;
}

Session::~Session() { leave(); }

std::vector<DeadSession> adopt_dead_sessions(const Repository& repository) {
  std::vector<DeadSession> adopted;
  for (const std::string& name : list_directory(repository.fd(), layout::k_sessions)) {
    std::optional<DeadSession> session = try_adopt(repository, name);
    if (!session) continue;
    if (has_work(session->directory.get())) {
      adopted.push_back(std::move(*session));
    } else {
      remove_session(repository, std::move(*session));  // durability.md: session 9
    }
  }
  return adopted;
}

void remove_session(const Repository& repository, DeadSession session) {
  remove_folder(repository.fs(), repository.fd(), session.directory.get(), session.name);
}

std::vector<SessionInfo> interrupted_sessions(const Repository& repository) {
  std::vector<SessionInfo> found;
  for (const std::string& name : list_directory(repository.fd(), layout::k_sessions)) {
    const std::optional<UniqueFd> directory = open_folder(repository.fd(), name);
    if (!directory || !has_work(directory->get())) continue;
    const auto info = open_unless_gone([&] { return open_readonly(directory->get(), layout::k_info, O_NOFOLLOW | O_NONBLOCK); });
    if (!info) continue;
    if (conflicting_lock(info->get(), LockMode::exclusive, LockRange::rest)) continue;  // alive, or being adopted
    found.push_back(read_info(info->get()).value_or(SessionInfo{}));
  }
  return found;
}

std::vector<SessionInfo> live_sessions(const Repository& repository) { return live_sessions(repository.fd()); }

std::vector<SessionInfo> live_sessions(int repository_fd) {
  std::vector<SessionInfo> found;
  for (const std::string& name : list_directory(repository_fd, layout::k_sessions)) {
    const auto info = open_unless_gone([&] { return open_readonly(repository_fd, info_path(name), O_NOFOLLOW | O_NONBLOCK); });
    if (!info || !conflicting_lock(info->get(), LockMode::exclusive, LockRange::first)) continue;
    if (std::optional<SessionInfo> about = read_info(info->get())) found.push_back(std::move(*about));
  }
  return found;
}

}  // namespace store
