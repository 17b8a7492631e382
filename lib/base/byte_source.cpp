#include "base/byte_source.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"

namespace store {
namespace {

/// The signal may reach another thread than the one that waits, so EINTR alone would not tell.
constexpr int k_poll_ms = 100;

}  // namespace

void FdSource::wait() const {
  for (;;) {
    if (cancel_ != nullptr) cancel_->check();
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, k_poll_ms);
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) throw_errno(errno, "poll", name_);
  }
}

std::size_t FdSource::read(MutableByteView out) {
  for (;;) {
    wait();
    const ssize_t length = ::read(fd_, out.data(), out.size());
    if (length >= 0) return static_cast<std::size_t>(length);
    if (errno != EINTR && errno != EAGAIN) throw_errno(errno, "read", name_);
  }
}

std::size_t BytesSource::read(MutableByteView out) {
  const std::size_t length = std::min(out.size(), bytes_.size() - at_);
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), length, out.begin());
  at_ += length;
  return length;
}

}  // namespace store
