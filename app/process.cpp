#include "app/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "app/cli.h"
#include "app/exit_codes.h"
#include "app/job_control.h"
#include "app/signals.h"

extern char** environ;

namespace store {
namespace {

constexpr std::size_t k_stdout_buffer = 64 << 10;

CancelToken g_cancel;
std::atomic<unsigned> g_line_requests{0};
static_assert(std::atomic<unsigned>::is_always_lock_free);

/// The first one asks for an orderly end; the second one does not wait for it.
extern "C" void on_stop_signal(int number) {
  if (!g_cancel.requested()) {
    g_cancel.request(number);
    return;
  }
  std::signal(number, SIG_DFL);
  std::raise(number);
}

extern "C" void on_line_request(int) { g_line_requests.fetch_add(1, std::memory_order_relaxed); }

void set_signals() {
  // What is ignored stays ignored (nohup). Without SA_RESTART a wait for a lock or a terminal ends at once.
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    if (!is_signal_ignored(number)) handle_signal(number, on_stop_signal, 0);
  handle_signal(SIGUSR1, on_line_request, SA_RESTART);
  handle_signal(SIGPIPE, SIG_IGN, 0);
  handle_signal(SIGXFSZ, SIG_IGN, 0);  // a file that may not grow (ulimit -f) is an error like any other
}

/// A repository's file must never get number 0, 1 or 2: what is printed would go into it.
void hold_standard_descriptors() {
  for (;;) {
    const int fd = open("/dev/null", O_RDONLY);  // writing to it is refused, as to a closed one
    if (fd < 0 || fd > 2) {
      if (fd > 2) close(fd);
      return;
    }
  }
}

std::map<std::string, std::string> environment_map() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != text.npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::string current_directory() {
  char path[PATH_MAX];
  return getcwd(path, sizeof path) != nullptr ? path : "";
}

}  // namespace

int run_process(int argc, char** argv) {
  hold_standard_descriptors();
  set_signals();
  FdSink out(STDOUT_FILENO, "standard output", WriteErrors::report, k_stdout_buffer);
  FdSink err(STDERR_FILENO, "standard error", WriteErrors::ignore, 0);
  Console console;
  console.out = &out;
  console.err = &err;
  console.environment = environment_map();
  console.cwd = current_directory();
  console.stdin_fd = STDIN_FILENO;
  console.in_is_terminal = isatty(STDIN_FILENO) == 1;
  console.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  console.err_is_terminal = isatty(STDERR_FILENO) == 1;
  console.cancel = &g_cancel;
  console.line_requests = &g_line_requests;
  ProcessJobControl jobs;
  console.jobs = &jobs;
  const int code = run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), console);
  if (code > k_exit_signal) {
    std::signal(code - k_exit_signal, SIG_DFL);
    std::raise(code - k_exit_signal);
  }
  return code;
}

}  // namespace store
