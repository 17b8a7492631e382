#include "support/program.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/scratch.h"

namespace store::test {
namespace {

std::string program_path() {
  const char* given = std::getenv("STORE");
  return given != nullptr ? given : STORE_PROGRAM;
}

void limit(int resource, std::uint64_t value) {
  const rlimit both{value, value};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) ::_exit(126);
}

void redirect(const std::string& path, int flags, int fd) {
  const int opened = ::open(path.c_str(), flags, 0600);
  if (opened < 0 || ::dup2(opened, fd) != fd) ::_exit(126);
}

[[noreturn]] void become(const Scratch& scratch, const std::string& folder, const std::vector<std::string>& arguments,
                         const ProgramLimits& limits) {
  redirect("/dev/null", O_RDONLY, 0);
  redirect(scratch.path("out"), O_WRONLY | O_CREAT, 1);
  redirect(scratch.path("err"), O_WRONLY | O_CREAT, 2);
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limit(RLIMIT_AS, limits.address_space);
#endif
  limit(RLIMIT_FSIZE, limits.file_size);
  limit(RLIMIT_CORE, 0);
  std::vector<std::string> words{program_path()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::string home = "HOME=" + scratch.path(), term = "TERM=dumb", sync = "STORE_CORE_FSYNC=false", zone = "TZ=UTC";
  char* environment[] = {home.data(), term.data(), sync.data(), zone.data(), nullptr};
  ::execve(argv[0], argv.data(), environment);
  ::_exit(127);
}

/// Its peak so far, once it is the program: ru_maxrss would be this process's own, which it inherits.
std::uint64_t peak_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  std::uint64_t kilobytes = 0;
  for (bool program = false; std::getline(status, line);) {
    program = program || line == "Name:\tstore";
    if (program && line.starts_with("VmHWM:")) kilobytes = std::strtoull(line.c_str() + 6, nullptr, 10);
  }
  return kilobytes * 1024;
}

/// The wait status, after at most so many seconds.
int wait_for(pid_t pid, unsigned seconds, std::uint64_t& peak) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  int status = 0;
  bool late = false;
  for (;;) {
    peak = std::max(peak, peak_of(pid));
    const pid_t done = ::waitpid(pid, &status, late ? 0 : WNOHANG);
    if (done == pid) return late ? SIGALRM : status;
    if (done < 0 && errno != EINTR) throw std::runtime_error("waitpid failed");
    late = std::chrono::steady_clock::now() >= end;
    if (late) ::kill(pid, SIGKILL);
    else std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

ProgramRun run_program(const std::string& folder, const std::vector<std::string>& arguments, const ProgramLimits& limits) {
  const Scratch scratch;
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) become(scratch, folder, arguments, limits);
  ProgramRun run;
  const int status = wait_for(pid, limits.seconds, run.peak_memory);
  run.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  run.out = scratch.read("out");
  run.err = scratch.read("err");
  return run;
}

}  // namespace store::test
