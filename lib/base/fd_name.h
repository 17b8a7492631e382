#pragma once

#include <string>

namespace store {

/// The path behind a descriptor, for messages.
std::string fd_name(int fd);

}  // namespace store
