#include "app/console.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/error.h"

namespace store {

FdSink::FdSink(int fd, std::string name, WriteErrors errors, std::size_t buffer_size)
    : fd_(fd), name_(std::move(name)), errors_(errors), buffer_size_(buffer_size) {}

void FdSink::write(std::string_view text) {
  if (buffer_.size() + text.size() > buffer_size_) flush();
  if (text.size() > buffer_size_)
    write_all(text);
  else
    buffer_ += text;
}

void FdSink::flush() {
  // Emptied first: after a refusal the same bytes must not be tried again.
  const std::string pending = std::move(buffer_);
  buffer_.clear();
  write_all(pending);
}

void FdSink::write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {  // somebody made the shared terminal or pipe non-blocking
      pollfd wait{fd_, POLLOUT, 0};
      ::poll(&wait, 1, -1);
      continue;
    }
    if (errors_ == WriteErrors::ignore) return;
    if (errno == EPIPE) throw Error(ErrorKind::interrupted, name_ + ": nobody reads it").with_signal(SIGPIPE);
    throw_errno(errno, "write", name_);
  }
}

std::optional<std::string> Console::variable(const std::string& name) const {
  const auto found = environment.find(name);
  if (found == environment.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

}  // namespace store
