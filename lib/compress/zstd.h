// compress: zstd (RFC 8878) frames with exact sizes, and the probe that spares incompressible data. zstd lives here.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace store {

/// One reused ZSTD_CCtx (a fresh one costs 8 us) with its tables in huge pages, where the kernel has them. One thread at a time;
/// output does not depend on earlier calls.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  /// Bytes that `raw` of this size may take at most.
  static std::size_t bound(std::size_t raw_size);
  /// Compresses into `out`; returns the frame's size, or 0 if out.size() is too small for it (zstd wants some slack
  /// and may choose other bytes near the limit: give the same raw size the same capacity). `level` 1…19 (negative:
  /// fast levels). The frame carries its content size and no checksum.
  std::size_t compress(ByteView raw, MutableByteView out, int level);
  /// The frame, or nothing if it would be larger than `capacity`. It lies in memory of the compressor's own, until its next call.
  ByteView compress_within(ByteView raw, std::size_t capacity, int level);
  /// compress() with a prefix (ZSTD_CCtx_refPrefix): delta blocks. The two must not overlap in memory.
  std::size_t compress_with_prefix(ByteView raw, ByteView prefix, MutableByteView out, int level);
  /// True if a 4 KiB sample from the middle, at a fast level, says the data will not save 1/16.
  bool looks_incompressible(ByteView raw);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// One reused ZSTD_DCtx. One thread at a time.
class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  /// Fills exactly `out` from exactly one frame; Error{corrupt} for anything else: another content size, two
  /// concatenated frames, a skippable frame, empty input, a dictionary id, a window over 8 MiB.
  void decompress(ByteView frame, MutableByteView out);
  void decompress_with_prefix(ByteView frame, ByteView prefix, MutableByteView out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace store
