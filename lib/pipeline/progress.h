// pipeline: the parallel streams of bytes: ingest (work tree to packs) and restore (packs to work tree). TBB lives here.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>

namespace store {

enum class Stage : int { idle, scan, ingest, commit, fetch, write, verify };

/// What threads are busy with in Stage::ingest.
enum class IngestStep : int { plan, read, chunk, hash, assemble, compress, append };
inline constexpr std::array<const char*, 7> k_ingest_steps = {"plan", "read", "chunk", "hash", "assemble", "compress", "append"};

/// Plain counters that the hot paths bump and a view samples: never a lock, never formatting. Done never exceeds its total.
struct Progress {
  static constexpr std::uint64_t k_unknown = ~0ULL;
  std::atomic<Stage> stage{Stage::idle};
  std::atomic<std::uint64_t> files_done{0};
  std::atomic<std::uint64_t> files_total{k_unknown};
  std::atomic<std::uint64_t> bytes_done{0};
  std::atomic<std::uint64_t> bytes_total{k_unknown};
  std::atomic<std::uint64_t> chunks_done{0};
  std::atomic<std::uint64_t> new_chunks{0};
  std::atomic<std::uint64_t> new_bytes{0};
  /// Nanoseconds by the clock of all threads together, of each IngestStep. For --perf; no stage resets them.
  std::array<std::atomic<std::uint64_t>, k_ingest_steps.size()> ingest_ns{};
  /// Somebody watches and wants an ETA: worth a walk of its own before the work. Set before the work starts.
  bool totals_wanted = false;

  /// Called by enter() before the counters are reset, on the thread that enters: a view takes the stage's last state here.
  /// Set only while nothing runs.
  std::function<void(Stage next)> on_enter;

  /// Calls on_enter, resets the counters, then sets `stage` (release): a sample of stage `next` never sees old counters.
  void enter(Stage next);
};

}  // namespace store
