#include "base/fd_name.h"

#include <fmt/format.h>
#include <unistd.h>

#include <climits>

namespace store {

std::string fd_name(int fd) {
  char path[PATH_MAX];
  const ssize_t length = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path, sizeof path);
  if (length <= 0) return fmt::format("descriptor {}", fd);
  return std::string(path, static_cast<std::size_t>(length));
}

}  // namespace store
