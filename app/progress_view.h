#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "app/job_control.h"
#include "app/messages.h"
#include "app/progress_state.h"

namespace store {

enum class ProgressStyle { none, bar, plain, json };

struct ProgressViewOptions {
  ProgressStyle style = ProgressStyle::none;
  std::optional<std::uint64_t> interval_ms = {};  // asked for; else 100 ms, 10 s, 1 s
  std::vector<StageShare> plan = {};
  std::function<std::size_t()> columns = {};      // of the terminal, asked anew for each frame
  const std::atomic<unsigned>* line_requests = nullptr;  // one plain line on standard error for each
  JobControl* jobs = nullptr;                            // whose terminal it is; none: this program's
};

/// Shows the library's counters on standard error while a command runs: a timer samples them, so the work itself never
/// formats or waits. Stages announce themselves through Progress::on_enter, so that even the shortest has its first and
/// last state. Every way out of the command ends the view: a destroyed one leaves no live line behind.
class ProgressView {
 public:
  ProgressView(Progress& progress, Messages& messages, ProgressViewOptions options);
  ~ProgressView();
  ProgressView(const ProgressView&) = delete;
  ProgressView& operator=(const ProgressView&) = delete;

  /// The command is done: the last stage gets its last state. Not called when it failed.
  void complete();
  /// The last state of each stage that is complete, and how long it took: for --perf.
  struct StageReport {
    ProgressState state;
    double seconds;
  };
  const std::vector<StageReport>& reports() const { return reports_; }

 private:
  void enter(Stage next);
  void run(const std::stop_token& stop);
  void tick();
  double now_seconds() const;
  std::uint64_t interval_ms() const;
  double silent_seconds() const;
  /// Obeys a Ctrl-Z, and says whether the terminal is ours to draw on.
  bool obey_job_control();
  void show();
  void answer_line_requests();
  void show_last();

  Progress& progress_;
  Messages& messages_;
  ProgressViewOptions options_;
  const std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable_any wake_;
  ProgressTracker tracker_;
  double stage_started_at_ = 0;
  std::vector<StageReport> reports_;
  double shown_at_ = -1;
  double stopped_seconds_ = 0;  // do not count
  unsigned continued_ = 0;
  unsigned lines_answered_ = 0;
  std::jthread timer_;  // last: it uses all of the above
};

/// Columns of the terminal behind a descriptor; 80 if it does not say.
std::size_t terminal_columns(int fd);

}  // namespace store
