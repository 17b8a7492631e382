#include "pipeline/threads.h"

#include <malloc.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>

namespace store {
namespace {

constexpr std::uint64_t k_bytes_per_arena = 32u << 20;
constexpr int k_mapped_size = 4 << 20;  // more than a block takes, less than the tables of a million files

/// What is freed goes back, or is used again by any thread. With 16 threads that is more than 12 MiB; with a million files 10 MiB.
void limit_heap(unsigned threads, std::uint64_t memory) {
  ::mallopt(M_ARENA_MAX, static_cast<int>(affordable(threads, memory, k_bytes_per_arena)));
  // Or it grows with what was mapped before, and large tables leave holes between small things.
  ::mallopt(M_MMAP_THRESHOLD, k_mapped_size);
  ::mallopt(M_TRIM_THRESHOLD, 2 * k_mapped_size);
}

}  // namespace

struct ThreadLimit::Control {
  explicit Control(unsigned threads) : limit(oneapi::tbb::global_control::max_allowed_parallelism, threads) {}
  /// The library counts the CPUs when it needs them, and wants memory for that; a limit that goes could not say that there is none.
  int cpus = oneapi::tbb::info::default_concurrency();
  oneapi::tbb::global_control limit;
};

ThreadLimit::ThreadLimit(unsigned threads, std::uint64_t memory)
    : control_(threads > 1 ? std::make_unique<Control>(threads) : nullptr) {
  limit_heap(threads, memory);
}

ThreadLimit::~ThreadLimit() = default;
ThreadLimit::ThreadLimit(ThreadLimit&&) noexcept = default;
ThreadLimit& ThreadLimit::operator=(ThreadLimit&&) noexcept = default;

std::size_t thread_of_arena() { return static_cast<std::size_t>(oneapi::tbb::this_task_arena::current_thread_index()); }

}  // namespace store
