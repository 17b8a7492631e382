#pragma once

#include <memory>

namespace store {

/// How many threads the process may work with while this lives, the calling one included; more than there are CPUs is
/// allowed. Make it before any parallel work. One thread needs no limit: every stage then runs in a plain loop, and the
/// library of threads is not touched, which a forked child of a process with threads must not do.
class ThreadLimit {
 public:
  explicit ThreadLimit(unsigned threads);
  ~ThreadLimit();
  ThreadLimit(ThreadLimit&&) noexcept;
  ThreadLimit& operator=(ThreadLimit&&) noexcept;

 private:
  struct Control;
  std::unique_ptr<Control> control_;
};

}  // namespace store
