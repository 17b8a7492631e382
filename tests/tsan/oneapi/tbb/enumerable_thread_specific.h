#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "oneapi/tbb/task_arena.h"

namespace tbb {

template <typename Value>
class enumerable_thread_specific {
 public:
  Value& local() {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Value>& value = values_[std::this_thread::get_id()];
    if (!value) value = std::make_unique<Value>();
    return *value;
  }

 private:
  std::mutex mutex_;
  std::map<std::thread::id, std::unique_ptr<Value>> values_;
};

}  // namespace tbb
