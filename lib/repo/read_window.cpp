#include "repo/read_window.h"

#include <algorithm>
#include <utility>

namespace store {
namespace {

constexpr std::size_t k_first_window = 256u << 10;

}  // namespace

ReadWindow::ReadWindow(int fd, std::uint64_t offset, std::string name, std::size_t largest)
    : fd_(fd), next_(offset), name_(std::move(name)), largest_(largest), buffer_(k_first_window) {
  refill();
}

void ReadWindow::skip(std::size_t size) {
  begin_ += size;
  if (end_ - begin_ < buffer_.capacity() / 2 && !at_end_) refill();
}

bool ReadWindow::grow() {
  if (at_end_ || buffer_.capacity() >= largest_) return false;
  Buffer larger(buffer_.capacity() * 2);
  std::copy(buffer_.data() + begin_, buffer_.data() + end_, larger.data());
  end_ -= std::exchange(begin_, 0);
  buffer_ = std::move(larger);
  refill();
  return true;
}

void ReadWindow::refill() {
  std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
  end_ -= std::exchange(begin_, 0);
  const std::size_t room = buffer_.capacity() - end_;
  const std::size_t got = pread_full(fd_, buffer_.span(end_, room), next_, name_);
  at_end_ = got < room;
  end_ += got;
  next_ += got;
}

}  // namespace store
