#include "app/progress_view.h"

#include <pthread.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <chrono>
#include <csignal>

#include "app/progress_bars.h"

namespace store {
namespace {

constexpr auto k_tick = std::chrono::milliseconds(100);
constexpr double k_bars_silent_seconds = 0.5;
constexpr double k_lines_silent_seconds = 5;
/// At the right of the bars: a full line would make some terminals wrap, and ^C is shown behind the last one.
constexpr std::size_t k_free_columns = 4;
constexpr std::uint64_t k_bar_interval_ms = 100;
constexpr std::uint64_t k_line_interval_ms = 10000;
constexpr std::uint64_t k_json_interval_ms = 1000;

/// Signals belong to the main thread: a handler must find its system calls interrupted.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

std::size_t terminal_columns(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

ProgressView::ProgressView(Progress& progress, Messages& messages, ProgressViewOptions options)
    : progress_(progress),
      messages_(messages),
      options_(std::move(options)),
      start_(std::chrono::steady_clock::now()),
      tracker_(options_.plan),
      lines_answered_(options_.line_requests != nullptr ? options_.line_requests->load() : 0) {
  if (options_.style != ProgressStyle::bar) options_.jobs = nullptr;  // lines may stand where they are
  if (options_.jobs != nullptr) {
    options_.jobs->hold();
    continued_ = options_.jobs->continued();
  }
  progress_.on_enter = [this](Stage next) { enter(next); };
  timer_ = std::jthread([this](const std::stop_token& stop) {
    block_signals();
    try {
      run(stop);
    } catch (const std::bad_alloc&) {  // nothing is shown any more; the work may have all it needs
    }
  });
}

void ProgressView::show_last() {
  tracker_.sample(progress_, now_seconds());
  answer_line_requests();  // one that came since the last tick
  if (options_.style == ProgressStyle::json && tracker_.state().stage != Stage::idle && !tracker_.state().done)
    messages_.line(progress_json(tracker_.state()));
  messages_.end_live();
}

ProgressView::~ProgressView() {
  timer_.request_stop();
  timer_.join();
  progress_.on_enter = nullptr;
  try {
    show_last();
  } catch (const std::bad_alloc&) {
  }
  if (options_.jobs == nullptr) return;
  if (options_.jobs->stop_asked()) options_.jobs->stop();
  options_.jobs->release();
}

double ProgressView::now_seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() - stopped_seconds_;
}

std::uint64_t ProgressView::interval_ms() const {
  if (options_.interval_ms) return *options_.interval_ms;
  switch (options_.style) {
    case ProgressStyle::bar: return k_bar_interval_ms;
    case ProgressStyle::json: return k_json_interval_ms;
    case ProgressStyle::plain:
    case ProgressStyle::none: break;
  }
  return k_line_interval_ms;
}

double ProgressView::silent_seconds() const {
  if (options_.style == ProgressStyle::bar) return k_bars_silent_seconds;
  if (options_.style == ProgressStyle::json) return 0;
  // Who asks for more frequent lines wants them in shorter runs too.
  if (options_.interval_ms)
    return std::min(k_lines_silent_seconds, static_cast<double>(*options_.interval_ms) / 1000);
  return k_lines_silent_seconds;
}

// Called by the thread that does the work, before the counters are reset.
void ProgressView::enter(Stage next) {
  const std::lock_guard lock(mutex_);
  const double now = now_seconds();
  tracker_.sample(progress_, now);
  if (tracker_.state().stage != Stage::idle && !tracker_.state().done) {
    tracker_.complete();
    reports_.push_back({tracker_.state(), now - stage_started_at_});
    if (options_.style == ProgressStyle::json) show();
  }
  if (next == Stage::idle) return;
  tracker_.enter(next, now);
  stage_started_at_ = now;
  if (options_.style == ProgressStyle::json) show();
}

void ProgressView::complete() {
  const std::lock_guard lock(mutex_);
  tracker_.sample(progress_, now_seconds());
  if (tracker_.state().stage == Stage::idle || tracker_.state().done) return;
  tracker_.finish();
  reports_.push_back({tracker_.state(), now_seconds() - stage_started_at_});
  if (options_.style == ProgressStyle::json) show();
}

void ProgressView::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, k_tick, [&] { return stop.stop_requested(); })) tick();
}

void ProgressView::tick() {
  const bool may_draw = obey_job_control();
  const double now = now_seconds();
  tracker_.sample(progress_, now);
  answer_line_requests();
  if (options_.style == ProgressStyle::none || tracker_.state().stage == Stage::idle || tracker_.state().done) return;
  const double due = shown_at_ < 0 ? silent_seconds() : shown_at_ + static_cast<double>(interval_ms()) / 1000;
  if (may_draw && now >= due) show();
}

bool ProgressView::obey_job_control() {
  JobControl* const jobs = options_.jobs;
  if (jobs == nullptr) return true;
  if (jobs->stop_asked()) {
    messages_.end_live();
    const double stopped_at = now_seconds();
    jobs->stop();
    stopped_seconds_ += now_seconds() - stopped_at;
  } else if (const unsigned continued = jobs->continued(); continued != continued_) {
    messages_.forget_live();
    continued_ = continued;
  }
  return jobs->in_foreground();
}

void ProgressView::show() {
  shown_at_ = now_seconds();
  const ProgressState& state = tracker_.state();
  switch (options_.style) {
    case ProgressStyle::none: break;
    case ProgressStyle::json: messages_.line(progress_json(state)); break;
    case ProgressStyle::plain: messages_.line(progress_line(state)); break;
    case ProgressStyle::bar: {
      const std::size_t columns = options_.columns ? options_.columns() : 80;
      messages_.show_live(progress_bars(state, columns - std::min(columns, k_free_columns)), columns);
      break;
    }
  }
}

void ProgressView::answer_line_requests() {
  if (options_.line_requests == nullptr) return;
  const unsigned requested = options_.line_requests->load();
  if (requested == lines_answered_) return;
  lines_answered_ = requested;
  messages_.line(progress_line(tracker_.state()));
}

}  // namespace store
