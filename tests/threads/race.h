#pragma once

#include <cstddef>
#include <exception>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

namespace store::test {

inline constexpr std::size_t k_threads = 4;

/// `body(thread)` on several threads that begin together. The first exception comes out when all have ended.
template <typename Body>
void race(Body body, std::size_t threads = k_threads) {
  std::latch start(static_cast<std::ptrdiff_t>(threads));
  std::mutex mutex;
  std::exception_ptr error;
  std::vector<std::jthread> running;
  for (std::size_t thread = 0; thread < threads; ++thread)
    running.emplace_back([&, thread] {
      start.arrive_and_wait();
      try {
        body(thread);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
    });
  running.clear();
  if (error) std::rethrow_exception(error);
}

}  // namespace store::test
