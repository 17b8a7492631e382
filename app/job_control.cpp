#include "app/job_control.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "app/signals.h"

namespace store {
namespace {

std::atomic<bool> g_stop_asked{false};
std::atomic<unsigned> g_continued{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<unsigned>::is_always_lock_free);

extern "C" void on_stop_asked(int) { g_stop_asked.store(true, std::memory_order_relaxed); }
extern "C" void on_continued(int) { g_continued.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

void ProcessJobControl::hold() {
  if (is_signal_ignored(SIGTSTP)) return;  // a shell without job control
  held_ = true;
  g_stop_asked = false;
  handle_signal(SIGTSTP, on_stop_asked, SA_RESTART);
  handle_signal(SIGCONT, on_continued, SA_RESTART);
}

void ProcessJobControl::release() {
  if (!held_) return;
  held_ = false;
  handle_signal(SIGTSTP, SIG_DFL, SA_RESTART);
  handle_signal(SIGCONT, SIG_DFL, SA_RESTART);
}

bool ProcessJobControl::stop_asked() const { return g_stop_asked.load(std::memory_order_relaxed); }
unsigned ProcessJobControl::continued() const { return g_continued.load(std::memory_order_relaxed); }

// Raised in this thread, which takes it at once: when the call comes back, the process was continued, or the kernel does not stop
// it (nobody could ever continue it). Going on is not counted, also not a moment later: with its default action SIGCONT is
// dropped where it is sent.
void ProcessJobControl::stop() {
  sigset_t stop;
  sigset_t before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  handle_signal(SIGTSTP, SIG_DFL, SA_RESTART);
  handle_signal(SIGCONT, SIG_DFL, SA_RESTART);
  pthread_sigmask(SIG_UNBLOCK, &stop, &before);
  raise(SIGTSTP);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  g_stop_asked = false;
  handle_signal(SIGTSTP, on_stop_asked, SA_RESTART);
  handle_signal(SIGCONT, on_continued, SA_RESTART);
}

bool ProcessJobControl::in_foreground() const {
  const pid_t group = tcgetpgrp(STDERR_FILENO);
  return group < 0 || group == getpgrp();  // not our controlling terminal: nobody else's job
}

}  // namespace store
