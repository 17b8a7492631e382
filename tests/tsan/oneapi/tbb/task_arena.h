// A stand-in for oneTBB in builds for the thread sanitizer: the few words that the library uses, on std::thread. Debian's libtbb is not
// instrumented: the sanitizer does not see how it hands work from thread to thread, reports what is no race, and a suppression
// for that hides what is one. Here every hand-over is seen, and nothing but a hand-over orders two tasks.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace tbb {

/// How many threads the algorithms of this thread's arena may use.
inline std::size_t& threads_of_this_arena() {
  thread_local std::size_t threads = 1;
  return threads;
}

/// Which of them this one is.
inline int& index_in_this_arena() {
  thread_local int index = 0;
  return index;
}

namespace this_task_arena {
inline int current_thread_index() { return index_in_this_arena(); }
}  // namespace this_task_arena

/// Tasks that are enqueued run on threads of the arena; the destructor waits for all of them.
class task_arena {
 public:
  explicit task_arena(int threads) : threads_(static_cast<std::size_t>(threads)) {}
  ~task_arena() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }
  task_arena(const task_arena&) = delete;
  task_arena& operator=(const task_arena&) = delete;

  template <typename Call>
  auto execute(const Call& call) {
    struct Inside {
      explicit Inside(std::size_t threads) : before(std::exchange(threads_of_this_arena(), threads)) {}
      ~Inside() { threads_of_this_arena() = before; }
      std::size_t before;
    } inside(threads_);
    return call();
  }

  template <typename Call>
  void enqueue(Call call) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.emplace_back(std::move(call));
      if (workers_.size() < threads_) workers_.emplace_back([this] { work(); });
    }
    changed_.notify_one();
  }

 private:
  void work() {
    threads_of_this_arena() = threads_;
    for (;;) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  const std::size_t threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> workers_;
  bool closing_ = false;
};

}  // namespace tbb

namespace oneapi {
namespace tbb = ::tbb;
}
