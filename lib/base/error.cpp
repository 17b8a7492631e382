#include "base/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace store {

Error& Error::add_context(std::string_view context) {
  message_ = fmt::format("{}: {}", context, message_);
  return *this;
}

ErrorKind kind_of_errno(int value) {
  switch (value) {
    case ENOSPC:
    case EDQUOT: return ErrorKind::no_space;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::permission;
    case ENOENT:
    case ENOTDIR: return ErrorKind::not_found;
    case EEXIST: return ErrorKind::exists;
    default: return ErrorKind::system;
  }
}

void throw_errno(int value, std::string_view call, std::string_view name) {
  char buffer[256];
  const char* reason = strerror_r(value, buffer, sizeof buffer);
  throw Error(kind_of_errno(value), fmt::format("{}: {}: {}", name, call, reason)).with_errno(value);
}

void throw_corrupt(std::string message) { throw Error(ErrorKind::corrupt, std::move(message)); }

}  // namespace store
