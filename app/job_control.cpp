#include "app/job_control.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace store {
namespace {

std::atomic<bool> g_stop_asked{false};
std::atomic<unsigned> g_continued{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<unsigned>::is_always_lock_free);

extern "C" void on_stop_asked(int) { g_stop_asked.store(true, std::memory_order_relaxed); }
extern "C" void on_continued(int) { g_continued.fetch_add(1, std::memory_order_relaxed); }

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

/// What is ignored stays ignored: a shell without job control.
bool is_ignored(int number) {
  struct sigaction action {};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

void ProcessJobControl::hold() {
  if (is_ignored(SIGTSTP)) return;
  held_ = true;
  g_stop_asked = false;
  handle(SIGTSTP, on_stop_asked);
  handle(SIGCONT, on_continued);
}

void ProcessJobControl::release() {
  if (!held_) return;
  held_ = false;
  handle(SIGTSTP, SIG_DFL);
  handle(SIGCONT, SIG_DFL);
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
  handle(SIGTSTP, SIG_DFL);
  handle(SIGCONT, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &stop, &before);
  raise(SIGTSTP);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  g_stop_asked = false;
  handle(SIGTSTP, on_stop_asked);
  handle(SIGCONT, on_continued);
}

bool ProcessJobControl::in_foreground() const {
  const pid_t group = tcgetpgrp(STDERR_FILENO);
  return group < 0 || group == getpgrp();  // not our controlling terminal: nobody else's job
}

}  // namespace store
