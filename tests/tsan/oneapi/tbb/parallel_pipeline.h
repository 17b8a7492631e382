#pragma once

#include <any>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "oneapi/tbb/parallel_for.h"

namespace tbb {

enum class filter_mode { parallel, serial_in_order };

class flow_control {
 public:
  void stop() { stopped_ = true; }
  bool is_stopped() const { return stopped_; }

 private:
  bool stopped_ = false;
};

struct pipeline_stage {
  filter_mode mode;
  std::function<std::any(std::any&&, flow_control&)> run;
};

template <typename In, typename Out>
struct filter {
  std::vector<pipeline_stage> stages;
};

template <typename In, typename Out, typename Body>
filter<In, Out> make_filter(filter_mode mode, const Body& body) {
  const auto run = [body](std::any&& item, flow_control& control) -> std::any {
    if constexpr (std::is_void_v<In>) {
      return body(control);
    } else if constexpr (std::is_void_v<Out>) {
      body(std::any_cast<In>(std::move(item)));
      return {};
    } else {
      return body(std::any_cast<In>(std::move(item)));
    }
  };
  return {{{mode, run}}};
}

template <typename In, typename Between, typename Out>
filter<In, Out> operator&(filter<In, Between> left, const filter<Between, Out>& right) {
  left.stages.insert(left.stages.end(), right.stages.begin(), right.stages.end());
  return {std::move(left.stages)};
}

/// Items wander between threads as in oneTBB: whoever is free takes the one that is furthest.
class pipeline_run {
 public:
  pipeline_run(std::size_t tokens, const std::vector<pipeline_stage>& stages)
      : tokens_(tokens), stages_(stages), turns_(stages.size()) {}

  void work() {
    std::unique_lock lock(mutex_);
    while (!broken_) {
      std::optional<Task> task = take();
      if (task) {
        lock.unlock();
        try {
          run(*task);
        } catch (...) {
          lock.lock();
          broken_ = true;
          changed_.notify_all();
          throw;
        }
        lock.lock();
        settle(std::move(*task));
        changed_.notify_all();
      } else if (ended_ && in_flight_ == 0) {
        return;
      } else {
        changed_.wait(lock);
      }
    }
  }

 private:
  struct Task {
    std::uint64_t number = 0;
    std::size_t stage = 0;
    std::any item = {};
    flow_control control = {};
  };
  struct Turn {
    std::uint64_t next = 0;
    bool busy = false;
  };

  /// What can be done now: of the items that wait the one furthest on, or a new one.
  std::optional<Task> take() {
    for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
      const Task& task = at->second;
      Turn& turn = turns_[task.stage];
      const bool serial = stages_[task.stage].mode == filter_mode::serial_in_order;
      if (serial && (turn.busy || turn.next != task.number)) continue;
      turn.busy = serial;
      std::optional<Task> taken = std::move(at->second);
      waiting_.erase(at);
      return taken;
    }
    if (ended_ || turns_[0].busy || in_flight_ == tokens_) return std::nullopt;
    turns_[0].busy = true;
    ++in_flight_;
    return Task{.number = turns_[0].next};
  }

  void run(Task& task) const {
    task.item = stages_[task.stage].run(std::move(task.item), task.control);
  }

  void settle(Task&& task) {
    if (stages_[task.stage].mode == filter_mode::serial_in_order) {
      turns_[task.stage].busy = false;
      ++turns_[task.stage].next;
    }
    if (task.control.is_stopped()) ended_ = true;
    if (task.control.is_stopped() || ++task.stage == stages_.size()) {
      --in_flight_;
      return;
    }
    const std::pair key(stages_.size() - task.stage, task.number);
    waiting_.emplace(key, std::move(task));
  }

  const std::size_t tokens_;
  const std::vector<pipeline_stage>& stages_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Turn> turns_;
  std::map<std::pair<std::size_t, std::uint64_t>, Task> waiting_;  // by stages to go, then in order
  std::size_t in_flight_ = 0;
  bool ended_ = false;
  bool broken_ = false;
};

inline void parallel_pipeline(std::size_t tokens, const filter<void, void>& chain) {
  pipeline_run run(tokens, chain.stages);
  on_all_threads([&run] { run.work(); });
}

}  // namespace tbb
