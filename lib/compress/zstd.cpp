#include "compress/zstd.h"

#include <fmt/format.h>
#include <sys/mman.h>
// For ZSTD_createCCtx_advanced; the shared library exports it.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <new>
#include <string>

#include "base/error.h"

namespace store {
namespace {

constexpr int k_window_log_min = 10;
constexpr int k_window_log_max = 23;  // 8 MiB: format v1
constexpr std::size_t k_probe_size = 4096;
constexpr int k_probe_level = -5;

/// A result of zstd in a call that cannot fail but for want of memory or by a mistake of ours.
std::size_t expect(std::size_t result, const char* call) {
  if (ZSTD_isError(result) == 0) return result;
  if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  throw Error(ErrorKind::bug, fmt::format("zstd: {}: {}", call, ZSTD_getErrorName(result)));
}

template <typename Type>
Type* allocated(Type* pointer) {
  if (pointer == nullptr) throw std::bad_alloc();
  return pointer;
}

constexpr std::size_t k_huge_page = 2u << 20;

/// Memory of a context. Its tables are read and written at random: in huge pages level 3 is 5 to 6 % faster. What is smaller than half
/// of one stays in small pages.
void* take_context_memory(void*, std::size_t size) {
  if (size < k_huge_page / 2) return std::malloc(size);
  const std::size_t whole = (size + k_huge_page - 1) / k_huge_page * k_huge_page;
  void* const memory = std::aligned_alloc(k_huge_page, whole);
  if (memory != nullptr) ::madvise(memory, whole, MADV_HUGEPAGE);  // a hint: not every kernel has them
  return memory;
}

void free_context_memory(void*, void* memory) { std::free(memory); }

[[noreturn]] void refuse(ByteView frame, const std::string& why) {
  throw_corrupt(fmt::format("zstd frame of {} bytes: {}", frame.size(), why));
}

/// The window that the frame asks for, from its header (RFC 8878, 3.1.1.1); single-segment frames have none
/// but their content. ZSTD_d_windowLogMax does not bind the one-shot decoder, so it is checked here.
std::uint64_t declared_window(ByteView frame, std::uint64_t content_size) {
  constexpr std::size_t descriptor_at = 4;
  const auto descriptor = std::to_integer<unsigned>(frame[descriptor_at]);
  if ((descriptor & 3u) != 0) refuse(frame, "has a dictionary id");
  const bool single_segment = (descriptor & 0x20u) != 0;
  if (single_segment) return content_size;
  const auto window = std::to_integer<unsigned>(frame[descriptor_at + 1]);
  const std::uint64_t base = std::uint64_t{1} << (10 + (window >> 3));
  return base + base / 8 * (window & 7u);
}

/// The one-shot decoder takes several frames in a row, skippable and legacy ones too, and says 0 to no bytes
/// at all; here a frame is one frame, all of the bytes, of exactly `size` bytes.
void expect_one_frame(ByteView frame, std::size_t size) {
  constexpr std::array magic{std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f}, std::byte{0xfd}};
  if (frame.size() < magic.size() || !std::equal(magic.begin(), magic.end(), frame.begin()))
    refuse(frame, "no zstd magic number");
  const unsigned long long content_size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (content_size == ZSTD_CONTENTSIZE_ERROR) refuse(frame, "header is damaged");
  if (content_size == ZSTD_CONTENTSIZE_UNKNOWN) refuse(frame, "does not say its content size");
  if (content_size != size) refuse(frame, fmt::format("content size {}, expected {}", content_size, size));
  if (const auto window = declared_window(frame, content_size); window > std::uint64_t{1} << k_window_log_max)
    refuse(frame, fmt::format("window {} exceeds limit {}", window, std::uint64_t{1} << k_window_log_max));
  const std::size_t length = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(length) != 0) refuse(frame, ZSTD_getErrorName(length));
  if (length != frame.size()) refuse(frame, fmt::format("{} bytes after its end", frame.size() - length));
}

}  // namespace

struct Compressor::Context {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> zstd{allocated(ZSTD_createCCtx_advanced({take_context_memory, free_context_memory, nullptr}))};
  Buffer frame;

  void set(ZSTD_cParameter parameter, int value) {
    expect(ZSTD_CCtx_setParameter(zstd.get(), parameter, value), "ZSTD_CCtx_setParameter");
  }
  /// A clean slate, so that output does not depend on earlier calls.
  void start(int level) {
    expect(ZSTD_CCtx_reset(zstd.get(), ZSTD_reset_session_and_parameters), "ZSTD_CCtx_reset");
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_contentSizeFlag, 1);
    set(ZSTD_c_checksumFlag, 0);
    set(ZSTD_c_dictIDFlag, 0);
  }
  std::size_t run(ByteView raw, MutableByteView out) {
    const std::size_t size = ZSTD_compress2(zstd.get(), out.data(), out.size(), raw.data(), raw.size());
    if (ZSTD_isError(size) != 0 && ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall) return 0;
    return expect(size, "ZSTD_compress2");
  }
};

Compressor::Compressor() : context_(std::make_unique<Context>()) {}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;

std::size_t Compressor::bound(std::size_t raw_size) { return ZSTD_compressBound(raw_size); }

std::size_t Compressor::compress(ByteView raw, MutableByteView out, int level) {
  context_->start(level);
  return context_->run(raw, out);
}

ByteView Compressor::compress_within(ByteView raw, std::size_t capacity, int level) {
  Buffer& frame = context_->frame;
  if (frame.capacity() < capacity) frame = Buffer(capacity);
  return frame.view(0, compress(raw, frame.span(0, capacity), level));
}

std::size_t Compressor::compress_with_prefix(ByteView raw, ByteView prefix, MutableByteView out, int level) {
  context_->start(level);
  // zstd forgets the prefix once it is a window behind: give the window the size of the data. And the tables
  // of the low levels hold only the end of a long prefix (an 8 MiB one, one byte changed: 6.2 MB; with this:
  // 1 KB).
  const int content_log = static_cast<int>(std::bit_width(raw.size()));
  context_->set(ZSTD_c_windowLog, std::clamp(content_log, k_window_log_min, k_window_log_max));
  context_->set(ZSTD_c_enableLongDistanceMatching, 1);
  expect(ZSTD_CCtx_refPrefix(context_->zstd.get(), prefix.data(), prefix.size()), "ZSTD_CCtx_refPrefix");
  return context_->run(raw, out);
}

bool Compressor::looks_incompressible(ByteView raw) {
  // A probe as large as the data spares nothing.
  if (raw.size() <= k_probe_size) return false;
  std::array<std::byte, k_probe_size - k_probe_size / 16> out;
  return compress(raw.subspan((raw.size() - k_probe_size) / 2, k_probe_size), out, k_probe_level) == 0;
}

struct Decompressor::Context {
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> zstd{allocated(ZSTD_createDCtx())};
};

Decompressor::Decompressor() : context_(std::make_unique<Context>()) {}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;

void Decompressor::decompress(ByteView frame, MutableByteView out) { decompress_with_prefix(frame, {}, out); }

void Decompressor::decompress_with_prefix(ByteView frame, ByteView prefix, MutableByteView out) {
  expect_one_frame(frame, out.size());
  ZSTD_DCtx* const zstd = context_->zstd.get();
  expect(ZSTD_DCtx_reset(zstd, ZSTD_reset_session_and_parameters), "ZSTD_DCtx_reset");
  expect(ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, k_window_log_max), "ZSTD_DCtx_setParameter");
  expect(ZSTD_DCtx_refPrefix(zstd, prefix.data(), prefix.size()), "ZSTD_DCtx_refPrefix");
  const std::size_t size = ZSTD_decompressDCtx(zstd, out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0 && ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
    throw std::bad_alloc();
  if (ZSTD_isError(size) != 0) refuse(frame, ZSTD_getErrorName(size));
  if (size != out.size()) refuse(frame, fmt::format("decodes to {} bytes, expected {}", size, out.size()));
}

}  // namespace store
