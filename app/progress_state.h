#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/progress.h"

namespace store {

/// What a view shows of one stage at one moment.
struct ProgressState {
  Stage stage = Stage::idle;
  std::size_t stage_number = 0;  // from 1, in the order of the plan; 0 if the plan does not have it
  std::size_t stage_count = 0;   // of the plan
  bool done = false;
  double overall = 0;  // 0 … 1 over all stages of the command; never decreases
  std::uint64_t files_done = 0;
  std::optional<std::uint64_t> files_total = {};
  std::uint64_t bytes_done = 0;
  std::optional<std::uint64_t> bytes_total = {};
  std::uint64_t chunks_done = 0;
  std::uint64_t new_chunks = 0;
  bool rated = false;  // the rates say something
  double files_per_second = 0;
  double bytes_per_second = 0;
  double chunks_per_second = 0;
  std::optional<double> eta_seconds = {};
  double elapsed_seconds = 0;  // since the command started
};

/// How much of a command's work a stage is, for `overall`.
struct StageShare {
  Stage stage;
  double share;
};

/// Turns samples of the counters into states that keep the contract: done never decreases, never exceeds its total, and
/// equals it in a stage's last state. It has no clock and no output. One thread at a time.
class ProgressTracker {
 public:
  explicit ProgressTracker(std::vector<StageShare> plan) : plan_(std::move(plan)) {}

  /// Starts a stage; the state before it is lost.
  void enter(Stage stage, double now_seconds);
  /// Takes the counters in; counters of another stage are ignored.
  void sample(const Progress& counters, double now_seconds);
  /// The stage is complete: totals become what was done.
  void complete();
  /// The same for the command's last stage, whatever the plan said would follow.
  void finish();
  const ProgressState& state() const { return state_; }

 private:
  double share_before(Stage stage) const;
  double share_of(Stage stage) const;
  void update_rates(double now_seconds);
  void update_estimates();

  std::vector<StageShare> plan_;
  ProgressState state_;
  ProgressState rated_;  // state at the last update of the rates
  double rated_at_ = 0;
};

/// "scan", "ingest", …; empty for idle.
std::string_view name_of(Stage stage);
/// One line of JSON, without a newline.
std::string progress_json(const ProgressState& state);
/// "ingest: 1,234/38,000 files, 120 MiB/257 MiB (47%), 85 MiB/s, ETA 12s".
std::string progress_line(const ProgressState& state);

}  // namespace store
