#pragma once

#include <string>

#include "base/fd.h"

namespace store {

/// A moving view over a log of any length in bounded memory; private to repo. The log is read, not mapped: a writer may
/// cut its tail off meanwhile, and a bad sector must be an error, not a SIGBUS.
class ReadWindow {
 public:
  /// `largest`: how far grow() may go, in bytes.
  ReadWindow(int fd, std::uint64_t offset, std::string name, std::size_t largest);
  /// What is in sight, at least half a window unless the file ends.
  ByteView bytes() const { return buffer_.view(begin_, end_ - begin_); }
  /// Offset of bytes() in the file.
  std::uint64_t offset() const { return next_ - (end_ - begin_); }
  void skip(std::size_t size);
  /// Doubles the window for a record that does not fit. False if the file ends in sight or the limit is reached.
  bool grow();

 private:
  void refill();
  int fd_;
  std::uint64_t next_;
  std::string name_;
  std::size_t largest_;
  Buffer buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;
};

}  // namespace store
