#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace store {

/// How many threads the process may work with while this lives, the calling one included; more than there are CPUs is
/// allowed. Make it before any parallel work. One thread needs no limit: every stage then runs in a plain loop, and the
/// library of threads is not touched, which a forked child of a process with threads must not do. The heap is set up for
/// `memory` bytes, the budget for everything in flight, also with one thread.
class ThreadLimit {
 public:
  ThreadLimit(unsigned threads, std::uint64_t memory);
  ~ThreadLimit();
  ThreadLimit(ThreadLimit&&) noexcept;
  ThreadLimit& operator=(ThreadLimit&&) noexcept;

 private:
  struct Control;
  std::unique_ptr<Control> control_;
};

/// How many of `most` threads, or of items in flight, a budget of `memory` bytes bears, of which each takes up to `bytes_each`; always one.
inline unsigned affordable(unsigned most, std::uint64_t memory, std::uint64_t bytes_each) {
  return static_cast<unsigned>(std::clamp<std::uint64_t>(memory / bytes_each, 1, std::max(most, 1u)));
}

/// Which of the threads of the arena that it works in the caller is, from 0: whoever keeps something for each of them keeps it by this
/// number, however many threads of the process come by.
std::size_t thread_of_arena();

}  // namespace store
