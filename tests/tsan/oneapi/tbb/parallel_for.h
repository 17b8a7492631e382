#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "oneapi/tbb/blocked_range.h"

namespace tbb {

/// Runs `work` on every thread of the arena; the first exception comes out when all have ended.
template <typename Work>
void on_all_threads(const Work& work) {
  std::mutex mutex;
  std::exception_ptr error;
  const auto guarded = [&] {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  };
  const std::size_t threads = threads_of_this_arena();
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i)
    others.emplace_back([&, i] {
      threads_of_this_arena() = threads;
      index_in_this_arena() = static_cast<int>(i);
      guarded();
    });
  guarded();
  for (std::thread& other : others) other.join();
  if (error) std::rethrow_exception(error);
}

/// Pieces of one grain each. Relaxed: taking a piece orders nothing.
template <typename Value, typename Body>
void parallel_for(const blocked_range<Value>& range, const Body& body) {
  std::atomic<Value> next{range.begin()};
  std::atomic<bool> broken{false};
  on_all_threads([&] {
    const auto grain = static_cast<Value>(range.grainsize());
    while (!broken.load(std::memory_order_relaxed)) {
      const Value from = next.fetch_add(grain, std::memory_order_relaxed);
      if (from >= range.end()) return;
      try {
        body(blocked_range<Value>(from, std::min<Value>(from + grain, range.end())));
      } catch (...) {
        broken.store(true, std::memory_order_relaxed);
        throw;
      }
    }
  });
}

template <typename Value, typename Body>
void parallel_for(Value begin, Value end, const Body& body) {
  parallel_for(blocked_range<Value>(begin, end), [&](const blocked_range<Value>& range) {
    for (Value i = range.begin(); i < range.end(); ++i) body(i);
  });
}

}  // namespace tbb
