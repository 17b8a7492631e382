#include "app/child_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace store {
namespace {

constexpr std::chrono::milliseconds k_longest_nap{50};
constexpr std::chrono::milliseconds k_patience{2000};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// What posix_spawn needs, freed at the end.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t defaults;
    sigemptyset(&defaults);
    for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1}) sigaddset(&defaults, number);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t* actions() { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// The end of a process, looked at now and again: a signal to us has to end the wait.
class EndOfProcess {
 public:
  explicit EndOfProcess(pid_t pid) : pid_(pid) {}
  int status(const CancelToken* cancel) { return *status_within(std::nullopt, cancel); }
  /// Nothing if it has not ended by then.
  std::optional<int> status_within(std::optional<std::chrono::milliseconds> limit, const CancelToken* cancel) {
    const auto started = std::chrono::steady_clock::now();
    for (std::chrono::milliseconds nap{1};; nap = std::min(2 * nap, k_longest_nap)) {
      int status = 0;
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) return status;
      if (ended < 0 && errno != EINTR) throw_errno(errno, "waitpid", std::to_string(pid_));
      if (cancel != nullptr) cancel->check();
      if (limit && std::chrono::steady_clock::now() - started > *limit) return std::nullopt;
      std::this_thread::sleep_for(nap);
    }
  }

 private:
  pid_t pid_;
};

}  // namespace

ChildSource::ChildSource(const Program& program, const CancelToken* cancel)
    : name_(program.words.front()), highest_status_(program.highest_status), cancel_(cancel) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno(errno, "pipe2", escape_name(name_));
  output_.reset(ends[0]);
  const UniqueFd write_end(ends[1]);
  std::vector<std::string> words = program.words;
  std::vector<std::string> variables;
  for (const auto& [name, value] : program.environment) variables.push_back(name + "=" + value);
  SpawnPlan plan;
  if (program.stdin_fd < 0) posix_spawn_file_actions_addopen(plan.actions(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  else posix_spawn_file_actions_adddup2(plan.actions(), program.stdin_fd, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(plan.actions(), write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addchdir_np(plan.actions(), program.cwd.c_str());
  const int refused = ::posix_spawnp(&pid_, words.front().c_str(), plan.actions(), plan.attributes(),
                                     pointers(words).data(), pointers(variables).data());
  if (refused != 0) {
    pid_ = -1;
    throw Error(ErrorKind::partial, fmt::format("{}: cannot be started: {}", escape_name(name_), std::strerror(refused)));
  }
  source_ = std::make_unique<FdSource>(output_.get(), escape_name(name_), cancel);
}

ChildSource::~ChildSource() {
  if (pid_ < 0) return;
  output_.reset();
  try {
    EndOfProcess end(pid_);
    ::kill(pid_, SIGTERM);
    if (end.status_within(k_patience, nullptr)) return;
    ::kill(pid_, SIGKILL);
    end.status_within(k_patience, nullptr);
  } catch (const std::exception&) {
  }
}

std::size_t ChildSource::read(MutableByteView out) {
  const std::size_t got = source_->read(out);
  if (got == 0 && !out.empty() && pid_ >= 0) wait_for_end();
  return got;
}

void ChildSource::wait_for_end() {
  const int status = EndOfProcess(pid_).status(cancel_);
  pid_ = -1;
  if (cancel_ != nullptr) cancel_->check();  // a signal from the keyboard goes to both
  if (WIFEXITED(status) && WEXITSTATUS(status) <= highest_status_) return;
  if (cancel_ != nullptr) cancel_->check();
  throw Error(ErrorKind::partial, WIFEXITED(status)
                                      ? fmt::format("{} ended with status {}", escape_name(name_), WEXITSTATUS(status))
                                      : fmt::format("{} was ended by signal {}", escape_name(name_), WTERMSIG(status)));
}

}  // namespace store
