#pragma once

namespace tbb::info {

inline int default_concurrency() { return 16; }

}  // namespace tbb::info
