#include "pipeline/threads.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>

namespace store {

struct ThreadLimit::Control {
  explicit Control(unsigned threads)
      : limit(oneapi::tbb::global_control::max_allowed_parallelism, threads) {}
  /// The library counts the CPUs when it needs them, and wants memory for that; a limit that goes could not say that there is none.
  int cpus = oneapi::tbb::info::default_concurrency();
  oneapi::tbb::global_control limit;
};

ThreadLimit::ThreadLimit(unsigned threads) : control_(threads > 1 ? std::make_unique<Control>(threads) : nullptr) {}

ThreadLimit::~ThreadLimit() = default;
ThreadLimit::ThreadLimit(ThreadLimit&&) noexcept = default;
ThreadLimit& ThreadLimit::operator=(ThreadLimit&&) noexcept = default;

}  // namespace store
