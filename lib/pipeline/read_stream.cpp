#include "pipeline/read_stream.h"

#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <utility>

#include "format/pack.h"
#include "pipeline/chunk_block.h"
#include "pipeline/threads.h"

namespace store {
namespace {

/// What a step in flight takes: its decoded block, and while it is decoded the stored one.
constexpr std::uint64_t k_bytes_per_step = 2ULL * k_data_block_size;

/// Pieces of one step: consecutive chunks of one block, or one run of zeros. The limit keeps a chunk that repeats for ever
/// from becoming one endless step.
constexpr std::size_t k_pieces_per_step = 256;
constexpr std::size_t k_zeros_per_write = 256u << 10;

struct Step {
  std::vector<StreamPiece> pieces;
  std::vector<WantedChunk> chunks;  // of the pieces; empty: zeros
  std::optional<ChunkBlock> block;
  std::exception_ptr failure;  // thrown when its turn comes: what is before it has been sent by then
};
using StepPtr = std::shared_ptr<Step>;

class Stream {
 public:
  Stream(const ObjectReader& objects, const std::function<std::optional<StreamPiece>()>& next,
         const std::function<void(ByteView)>& sink, const StreamOptions& options)
      : objects_(objects), next_(next), sink_(sink), options_(options) {}

  /// Nothing at the end.
  StepPtr plan() {
    if (options_.cancel != nullptr) options_.cancel->check();
    const auto step = std::make_shared<Step>();
    while (step->pieces.size() < k_pieces_per_step) {
      if (!ahead_ && !fetch_or_fail()) break;
      const bool zeros = !ahead_->piece.chunk;
      const bool fits = step->pieces.empty() || (!zeros && !step->chunks.empty() &&
                                                 step->chunks.back().same_block(ahead_->chunk));
      if (!fits) break;
      if (!zeros) step->chunks.push_back(ahead_->chunk);
      step->pieces.push_back(ahead_->piece);
      ahead_.reset();
    }
    if (step->pieces.empty()) step->failure = std::exchange(failure_, {});
    return step->pieces.empty() && !step->failure ? nullptr : step;
  }

  void decode(Step& step) const {
    try {
      if (!step.chunks.empty()) step.block.emplace(objects_, std::move(step.chunks));
    } catch (...) {
      step.failure = std::current_exception();
    }
  }

  void send(const Step& step) const {
    if (step.failure) std::rethrow_exception(step.failure);
    for (std::size_t i = 0; i < step.pieces.size(); ++i) {
      const StreamPiece& piece = step.pieces[i];
      if (step.block)
        send_bytes(step.block->bytes(i).subspan(static_cast<std::size_t>(piece.skip),
                                                static_cast<std::size_t>(piece.take)));
      else
        send_zeros(piece.take);
    }
  }

 private:
  struct Ahead {
    StreamPiece piece;
    WantedChunk chunk;
  };
  /// What cannot be found fails after the step that is being planned.
  bool fetch_or_fail() {
    try {
      return !failure_ && fetch();
    } catch (...) {
      failure_ = std::current_exception();
      return false;
    }
  }
  bool fetch() {
    const std::optional<StreamPiece> piece = next_();
    if (!piece) return false;
    ahead_ = Ahead{*piece, {}};
    if (piece->chunk) ahead_->chunk = find_chunk(objects_, *piece->chunk, piece->length);
    return true;
  }
  void send_bytes(ByteView bytes) const {
    sink_(bytes);
    if (options_.progress != nullptr) options_.progress->bytes_done += bytes.size();
  }
  void send_zeros(std::uint64_t count) const {
    static const std::array<std::byte, k_zeros_per_write> zeros{};
    while (count > 0) {
      if (options_.cancel != nullptr) options_.cancel->check();
      const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(count, zeros.size()));
      send_bytes({zeros.data(), part});
      count -= part;
    }
  }

  const ObjectReader& objects_;
  const std::function<std::optional<StreamPiece>()>& next_;
  const std::function<void(ByteView)>& sink_;
  const StreamOptions& options_;
  std::optional<Ahead> ahead_;
  std::exception_ptr failure_;
};

/// The rest is for the cache of blocks, and for the caller.
std::uint64_t memory_of_steps(const StreamOptions& options) { return options.memory / 4; }

void run_in_parallel(Stream& stream, const StreamOptions& options) {
  namespace tbb = oneapi::tbb;
  using tbb::filter_mode;
  const auto plan = [&](tbb::flow_control& control) -> StepPtr {
    StepPtr step = stream.plan();
    if (!step) control.stop();
    return step;
  };
  const auto decode = [&](StepPtr step) {
    stream.decode(*step);
    return step;
  };
  const auto chain = tbb::make_filter<void, StepPtr>(filter_mode::serial_in_order, plan) &
                     tbb::make_filter<StepPtr, StepPtr>(filter_mode::parallel, decode) &
                     tbb::make_filter<StepPtr, void>(filter_mode::serial_in_order,
                                                     [&](const StepPtr& step) { stream.send(*step); });
  const std::size_t tokens = affordable(2 * options.threads + 1, memory_of_steps(options), k_bytes_per_step);
  tbb::task_arena arena(static_cast<int>(options.threads));
  arena.execute([&] { tbb::parallel_pipeline(tokens, chain); });
}

}  // namespace

void read_stream(const ObjectReader& objects, const std::function<std::optional<StreamPiece>()>& next,
                 const std::function<void(ByteView)>& sink, const StreamOptions& wanted) {
  StreamOptions options = wanted;
  // A thread without a step would only keep memory.
  options.threads = affordable(wanted.threads, memory_of_steps(wanted), k_bytes_per_step);
  Stream stream(objects, next, sink, options);
  if (options.threads > 1) return run_in_parallel(stream, options);
  while (const StepPtr step = stream.plan()) {
    stream.decode(*step);
    stream.send(*step);
  }
}

}  // namespace store
