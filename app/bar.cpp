#include "app/bar.h"

#include <algorithm>
#include <cmath>

namespace store {

std::string bar(std::uint64_t part, std::uint64_t whole, std::size_t columns) {
  if (part == 0 || whole == 0 || columns == 0) return {};
  const double share = std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
  return std::string(std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(share * static_cast<double>(columns)))), '#');
}

}  // namespace store
