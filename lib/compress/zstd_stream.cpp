#include "compress/zstd_stream.h"

#include <fmt/format.h>
#include <zstd.h>

#include <new>

#include "base/error.h"

namespace store {
namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

std::size_t expect(std::size_t result, const char* call) {
  if (ZSTD_isError(result) == 0) return result;
  throw Error(ErrorKind::bug, fmt::format("zstd: {}: {}", call, ZSTD_getErrorName(result)));
}

}  // namespace

struct ZstdStream::State {
  std::function<void(ByteView)> sink;
  std::unique_ptr<ZSTD_CCtx, FreeContext> context;
  Buffer out;

  /// Returns how much is still to come out.
  std::size_t step(ZSTD_inBuffer& in, ZSTD_EndDirective directive) {
    ZSTD_outBuffer piece{out.data(), out.capacity(), 0};
    const std::size_t left = expect(ZSTD_compressStream2(context.get(), &piece, &in, directive), "compressStream2");
    if (piece.pos > 0) sink(out.view(0, piece.pos));
    return left;
  }
};

ZstdStream::ZstdStream(int level, std::function<void(ByteView)> sink) : state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
  state_->context.reset(ZSTD_createCCtx());
  if (!state_->context) throw std::bad_alloc();
  state_->out = Buffer(ZSTD_CStreamOutSize());
  expect(ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_compressionLevel, level), "compressionLevel");
  expect(ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_checksumFlag, 1), "checksumFlag");
}

ZstdStream::~ZstdStream() = default;

void ZstdStream::write(ByteView bytes) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  while (in.pos < in.size) state_->step(in, ZSTD_e_continue);
}

void ZstdStream::finish() {
  ZSTD_inBuffer in{nullptr, 0, 0};
  while (state_->step(in, ZSTD_e_end) != 0) {
  }
}

}  // namespace store
