#include "pipeline/threads.h"

#include <oneapi/tbb/global_control.h>

namespace store {

struct ThreadLimit::Control {
  explicit Control(unsigned threads)
      : limit(oneapi::tbb::global_control::max_allowed_parallelism, threads) {}
  oneapi::tbb::global_control limit;
};

ThreadLimit::ThreadLimit(unsigned threads) : control_(threads > 1 ? std::make_unique<Control>(threads) : nullptr) {}

ThreadLimit::~ThreadLimit() = default;
ThreadLimit::ThreadLimit(ThreadLimit&&) noexcept = default;
ThreadLimit& ThreadLimit::operator=(ThreadLimit&&) noexcept = default;

}  // namespace store
