// The fallback of open_beneath (scanner.h), visible so that tests can hold both ways against each other.
#pragma once

#include <sys/types.h>

#include <string>

namespace store {

/// open_beneath with one openat(O_NOFOLLOW) per component: same answers, no openat2(2). Returns the
/// descriptor or -errno.
int open_by_component(int root_fd, const std::string& path, int flags, mode_t mode);

}  // namespace store
