#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"

namespace store {

/// One zstd frame of unknown length, written as the bytes come, with a checksum of its content. What comes out depends on the bytes
/// and the level alone, not on how they were cut. One thread at a time.
class ZstdStream {
 public:
  /// `level` 1…19.
  ZstdStream(int level, std::function<void(ByteView)> sink);
  ~ZstdStream();
  ZstdStream(const ZstdStream&) = delete;
  ZstdStream& operator=(const ZstdStream&) = delete;
  void write(ByteView bytes);
  /// Ends the frame; nothing may follow.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace store
