#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace store {

/// xxh3() of bytes that arrive in pieces; for records that are written front to back. One thread at a time.
class Xxh3Stream {
 public:
  Xxh3Stream();
  ~Xxh3Stream();
  Xxh3Stream(Xxh3Stream&&) noexcept;
  Xxh3Stream& operator=(Xxh3Stream&&) noexcept;
  void update(ByteView bytes);
  /// The checksum of everything so far; more may follow.
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace store
