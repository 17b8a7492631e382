// chunk: content-defined chunking, gear64-skip v1 (docs/format.md "Chunking"). Pure: bytes in, cut offsets out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace store {

/// What cuts depend on. Valid: 64 <= min < max <= 8 MiB, average a power of two in 4 KiB … 4 MiB.
struct ChunkParameters {
  std::uint32_t min = 40960;
  std::uint32_t max = 131072;
  std::uint64_t threshold = 0x0002'aaaa'aaaa'aaaaULL;
  bool operator==(const ChunkParameters&) const = default;

  /// min = 0.625 A, threshold = floor((2^64-1)/(0.375 A)), max = 2 A; `min`/`max` replace those two only.
  /// Error{usage} if the result is not valid.
  static ChunkParameters for_average(std::uint64_t average, std::optional<std::uint64_t> min = {},
                                     std::optional<std::uint64_t> max = {});
};

inline constexpr std::uint32_t k_chunk_limit = 8u << 20;
inline constexpr int k_fallback_levels = 4;
/// Bytes that one hash value depends on.
inline constexpr std::uint32_t k_gear_window = 64;

/// G[b] of the specification.
const std::array<std::uint64_t, 256>& gear_table();

/// Finds the cuts of one stream, fed in pieces of any size. The state is O(1): no byte is kept and none is scanned
/// twice. One thread at a time.
///
/// Cuts do not depend on piece borders, because the hash at a position depends on the 64 bytes up to it only. That
/// holds after a fallback cut too, which is found at the maximum and lies before bytes already scanned: they held
/// no cut, and the latest candidate of each level is also the latest of the new chunk if it lies in it at all.
class Chunker {
 public:
  /// Error{usage} unless 64 <= min < max <= 8 MiB and threshold > 0.
  explicit Chunker(const ChunkParameters& parameters);

  /// Appends to `cuts` the end of every chunk that is decided within the stream up to the end of `piece`, as
  /// absolute stream offsets. A cut may lie before the piece (a fallback cut found late, at the maximum).
  void feed(ByteView piece, std::vector<std::uint64_t>& cuts);
  /// Like feed() of `length` zero bytes, in O(length / max) steps.
  void feed_zeros(std::uint64_t length, std::vector<std::uint64_t>& cuts);
  /// The same for holes of any length, in O(1): appends the few cuts up to the first chunk that starts within the
  /// zeros, and returns how many chunks of `max` zeros follow them, instead of a cut for each (1 TiB of hole is
  /// 8 million). chunk_start() is then behind them.
  std::uint64_t feed_hole(std::uint64_t length, std::vector<std::uint64_t>& cuts);
  /// The stream ends here: appends the last cut, if the stream is longer than the one before; starts over.
  void finish(std::vector<std::uint64_t>& cuts);

  /// Offset of the start of the chunk being filled: bytes before it are no longer needed.
  std::uint64_t chunk_start() const { return start_; }
  /// Bytes fed so far.
  std::uint64_t position() const { return position_; }

 private:
  std::uint64_t skip(std::uint64_t available);
  void scan(ByteView bytes, std::vector<std::uint64_t>& cuts);
  bool judge(std::uint64_t candidate, std::vector<std::uint64_t>& cuts);
  void cut_at(std::uint64_t end, std::vector<std::uint64_t>& cuts);
  void cut_at_maximum(std::vector<std::uint64_t>& cuts);
  std::uint64_t offset() const { return position_ - start_; }
  /// True for every average there is; a threshold so dense that it is not is scanned byte by byte.
  bool zeros_hold_no_candidate() const;

  ChunkParameters parameters_;
  /// Largest hash of each level: min(T·2^l, 2^64) - 1; level 0 cuts, the others are fallbacks.
  std::array<std::uint64_t, k_fallback_levels + 1> largest_{};
  /// End of the chunk that the latest candidate of each level would make, 0 for none; [0] is not used.
  std::array<std::uint64_t, k_fallback_levels + 1> fallback_{};
  std::uint64_t start_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t hash_ = 0;
};

/// All cuts of bytes that are in memory.
std::vector<std::uint64_t> chunk_cuts(const ChunkParameters& parameters, ByteView bytes);

}  // namespace store
