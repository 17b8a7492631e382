#pragma once

#include <atomic>

namespace store {

/// Set by a signal handler, polled by long loops. `request` is async-signal-safe.
class CancelToken {
 public:
  void request(int signal) { signal_.store(signal, std::memory_order_relaxed); }
  bool requested() const { return signal_.load(std::memory_order_relaxed) != 0; }
  int signal() const { return signal_.load(std::memory_order_relaxed); }
  /// Throws Error{interrupted} carrying the signal once one was requested.
  void check() const;

 private:
  std::atomic<int> signal_{0};
};

}  // namespace store
