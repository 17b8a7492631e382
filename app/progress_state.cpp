#include "app/progress_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace store {
namespace {

constexpr double k_first_rate_after = 0.2;  // seconds of a stage
constexpr double k_rate_interval = 0.5;     // seconds between two updates of a rate
constexpr double k_rate_weight = 0.3;       // of the newest interval

std::optional<std::uint64_t> total_of(const std::atomic<std::uint64_t>& counter) {
  const std::uint64_t value = counter.load(std::memory_order_relaxed);
  if (value == Progress::k_unknown) return std::nullopt;
  return value;
}

/// Takes a pair in so that done never decreases and never exceeds its total.
void take(const std::atomic<std::uint64_t>& counter, const std::optional<std::uint64_t>& total, std::uint64_t& done) {
  std::uint64_t now = counter.load(std::memory_order_relaxed);
  if (total) now = std::min(now, *total);
  done = std::max(done, now);
}

double fraction(std::uint64_t done, const std::optional<std::uint64_t>& total) {
  if (!total || *total == 0) return 0;
  return std::min(1.0, static_cast<double>(done) / static_cast<double>(*total));
}

double smoothed(bool first, double old_rate, std::uint64_t before, std::uint64_t now, double seconds) {
  const double rate = static_cast<double>(now - before) / seconds;
  return first ? rate : old_rate + k_rate_weight * (rate - old_rate);
}

std::string json_number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "null";
}
std::string json_number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::format("{:.3f}", *value) : "null";
}

}  // namespace

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::idle: return "";
    case Stage::scan: return "scan";
    case Stage::ingest: return "ingest";
    case Stage::commit: return "commit";
    case Stage::fetch: return "fetch";
    case Stage::write: return "write";
    case Stage::verify: return "verify";
  }
  return "";
}

double ProgressTracker::share_of(Stage stage) const {
  for (const StageShare& planned : plan_)
    if (planned.stage == stage) return planned.share;
  return 0;
}

double ProgressTracker::share_before(Stage stage) const {
  double sum = 0;
  for (const StageShare& planned : plan_) {
    if (planned.stage == stage) return sum;
    sum += planned.share;
  }
  return state_.overall;  // not planned: stands still
}

void ProgressTracker::enter(Stage stage, double now_seconds) {
  const double overall = state_.overall;
  state_ = ProgressState{};
  state_.overall = overall;
  state_.stage = stage;
  state_.stage_count = plan_.size();
  const auto planned = std::find_if(plan_.begin(), plan_.end(), [&](const StageShare& one) { return one.stage == stage; });
  if (planned != plan_.end()) state_.stage_number = static_cast<std::size_t>(planned - plan_.begin()) + 1;
  state_.overall = std::max(overall, share_before(stage));
  state_.elapsed_seconds = now_seconds;
  rated_ = state_;
  rated_at_ = now_seconds;
}

void ProgressTracker::sample(const Progress& counters, double now_seconds) {
  if (counters.stage.load(std::memory_order_acquire) != state_.stage || state_.done) return;
  state_.elapsed_seconds = now_seconds;
  state_.files_total = total_of(counters.files_total);
  state_.bytes_total = total_of(counters.bytes_total);
  take(counters.files_done, state_.files_total, state_.files_done);
  take(counters.bytes_done, state_.bytes_total, state_.bytes_done);
  // A total that shrank under what was already shown.
  if (state_.files_total) state_.files_total = std::max(*state_.files_total, state_.files_done);
  if (state_.bytes_total) state_.bytes_total = std::max(*state_.bytes_total, state_.bytes_done);
  take(counters.chunks_done, std::nullopt, state_.chunks_done);
  take(counters.new_chunks, state_.chunks_done, state_.new_chunks);
  if (now_seconds - rated_at_ >= (state_.rated ? k_rate_interval : k_first_rate_after)) update_rates(now_seconds);
  update_estimates();
}

void ProgressTracker::update_rates(double now_seconds) {
  const double seconds = now_seconds - rated_at_;
  const bool first = !state_.rated;
  state_.files_per_second = smoothed(first, rated_.files_per_second, rated_.files_done, state_.files_done, seconds);
  state_.bytes_per_second = smoothed(first, rated_.bytes_per_second, rated_.bytes_done, state_.bytes_done, seconds);
  state_.chunks_per_second =
      smoothed(first, rated_.chunks_per_second, rated_.chunks_done, state_.chunks_done, seconds);
  state_.rated = true;
  rated_ = state_;
  rated_at_ = now_seconds;
}

void ProgressTracker::update_estimates() {
  const bool by_bytes = state_.bytes_total.value_or(0) > 0;
  const std::uint64_t done = by_bytes ? state_.bytes_done : state_.files_done;
  const std::optional<std::uint64_t> total = by_bytes ? state_.bytes_total : state_.files_total;
  const double rate = by_bytes ? state_.bytes_per_second : state_.files_per_second;
  state_.eta_seconds.reset();
  if (total && rate > 0) state_.eta_seconds = static_cast<double>(*total - done) / rate;
  const double reached = share_before(state_.stage) + share_of(state_.stage) * fraction(done, total);
  state_.overall = std::clamp(reached, state_.overall, 1.0);
}

void ProgressTracker::complete() {
  state_.done = true;
  state_.files_total = state_.files_done;
  state_.bytes_total = state_.bytes_done;
  state_.eta_seconds = 0;
  if (!state_.rated) update_rates(std::max(state_.elapsed_seconds, rated_at_ + 1e-3));
  state_.overall =
      std::clamp(share_before(state_.stage) + share_of(state_.stage), state_.overall, 1.0);
}

void ProgressTracker::finish() {
  complete();
  state_.overall = 1;
}

std::string progress_json(const ProgressState& state) {
  return fmt::format(
      R"({{"event":"progress","stage":"{}","done":{},"overall":{:.4f},"files_done":{},"files_total":{},)"
      R"("bytes_done":{},"bytes_total":{},"chunks_done":{},"new_chunks":{},"bytes_per_second":{:.0f},)"
      R"("eta_seconds":{},"elapsed_seconds":{:.3f}}})",
      name_of(state.stage), state.done, state.overall, state.files_done, json_number(state.files_total),
      state.bytes_done, json_number(state.bytes_total), state.chunks_done, state.new_chunks,
      state.bytes_per_second, json_number(state.eta_seconds), state.elapsed_seconds);
}

std::string progress_line(const ProgressState& state) {
  const std::string_view stage = state.stage == Stage::idle ? "starting" : name_of(state.stage);
  std::string line = fmt::format("{}: {}", stage, human_count(state.files_done));
  if (state.files_total) line += "/" + human_count(*state.files_total);
  line += " files, " + human_size(state.bytes_done);
  if (state.bytes_total)
    line += fmt::format("/{} ({:.0f}%)", human_size(*state.bytes_total),
                        100 * fraction(state.bytes_done, state.bytes_total));
  if (state.chunks_done > 0)
    line += fmt::format(", {} chunks ({} new)", human_count(state.chunks_done), human_count(state.new_chunks));
  line += ", " + human_size(static_cast<std::uint64_t>(state.bytes_per_second)) + "/s";
  if (state.eta_seconds && !state.done) line += ", ETA " + human_duration(*state.eta_seconds);
  return line + ", " + human_duration(state.elapsed_seconds) + " elapsed";
}

}  // namespace store
