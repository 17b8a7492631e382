#pragma once

#include <cstddef>

#include "oneapi/tbb/task_arena.h"

namespace tbb {

/// Here an arena has the threads it asks for, on any machine.
class global_control {
 public:
  enum parameter { max_allowed_parallelism };
  global_control(parameter, std::size_t) {}
  global_control(const global_control&) = delete;
  global_control& operator=(const global_control&) = delete;
  static std::size_t active_value(parameter) { return 16; }
};

}  // namespace tbb
