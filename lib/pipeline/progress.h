// pipeline: the parallel streams of bytes: ingest (work tree to packs) and restore (packs to work tree). TBB lives here.
#pragma once

#include <atomic>
#include <cstdint>

namespace store {

enum class Stage : int { idle, scan, ingest, commit, fetch, write, verify };

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

  void enter(Stage next);  // resets the counters
};

}  // namespace store
