#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/cancel.h"

namespace store {

/// Bytes of unknown number, front to back: standard input, a program's output, a member of an archive. One thread at a time, but
/// not always the same one.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads what has come, up to `out.size()` bytes, and waits for the first of them; 0 only at the end. Throws Error.
  virtual std::size_t read(MutableByteView out) = 0;
  /// Zeros that come next: the source goes on behind them. 0: there are none, or it cannot tell without reading.
  virtual std::uint64_t skip_zeros() { return 0; }
};

/// A descriptor that somebody else owns. Where nothing comes for long, a signal still ends it (Error{interrupted}).
class FdSource final : public ByteSource {
 public:
  FdSource(int fd, std::string name, const CancelToken* cancel) : fd_(fd), name_(std::move(name)), cancel_(cancel) {}
  std::size_t read(MutableByteView out) override;

 private:
  void wait() const;
  int fd_;
  std::string name_;
  const CancelToken* cancel_;
};

/// Bytes that are there already.
class BytesSource final : public ByteSource {
 public:
  explicit BytesSource(Bytes bytes) : bytes_(std::move(bytes)) {}
  std::size_t read(MutableByteView out) override;

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

}  // namespace store
