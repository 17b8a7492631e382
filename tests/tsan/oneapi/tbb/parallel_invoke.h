#pragma once

#include <exception>
#include <thread>

#include "oneapi/tbb/task_arena.h"

namespace tbb {

/// The second on a thread of its own; the first exception comes out when both have ended.
template <typename First, typename Second>
void parallel_invoke(const First& first, const Second& second) {
  std::exception_ptr error;
  std::exception_ptr other_error;
  std::thread other([&, threads = threads_of_this_arena()] {
    threads_of_this_arena() = threads;
    try {
      second();
    } catch (...) {
      other_error = std::current_exception();
    }
  });
  try {
    first();
  } catch (...) {
    error = std::current_exception();
  }
  other.join();
  if (error || other_error) std::rethrow_exception(error ? error : other_error);
}

}  // namespace tbb
