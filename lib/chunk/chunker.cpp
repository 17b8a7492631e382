#include "chunk/chunker.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "chunk/gear_scan.h"

namespace store {
namespace {

/// Rolls the hash over all bytes.
std::uint64_t roll(std::uint64_t hash, ByteView bytes) {
  const std::uint64_t* const gear = gear_table().data();
  for (const std::byte byte : bytes) hash = 2 * hash + gear[static_cast<std::uint8_t>(byte)];
  return hash;
}

/// 2h + G[0] = h: once the hash is this one, which takes 64 zero bytes, further ones leave it so.
std::uint64_t zeros_hash() { return 0 - gear_table()[0]; }

}  // namespace

Chunker::Chunker(const ChunkParameters& parameters) : parameters_(parameters) {
  const auto& [min, max, threshold] = parameters;
  if (min < k_gear_window || min >= max || max > k_chunk_limit || threshold == 0)
    throw Error(ErrorKind::usage,
                fmt::format("chunk parameters: min {}, max {}, threshold {}: need {} <= min < max "
                            "<= {} and a threshold",
                            min, max, threshold, k_gear_window, k_chunk_limit));
  constexpr std::uint64_t all_ones = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t level = 0; level < largest_.size(); ++level)
    largest_[level] = threshold > all_ones >> level ? all_ones : (threshold << level) - 1;
}

/// Steps over bytes too early in the chunk to matter for any hash that is judged; returns how many. The hash
/// is stale then, which is no harm: before min, 64 bytes are rolled in and shift all of it out.
std::uint64_t Chunker::skip(std::uint64_t available) {
  const std::uint64_t warm_up = parameters_.min - k_gear_window;
  if (offset() >= warm_up) return 0;
  const std::uint64_t count = std::min(available, warm_up - offset());
  position_ += count;
  return count;
}

void Chunker::feed(ByteView piece, std::vector<std::uint64_t>& cuts) {
  while (!piece.empty()) {
    piece = piece.subspan(static_cast<std::size_t>(skip(piece.size())));
    const std::uint64_t border = offset() < parameters_.min ? parameters_.min : parameters_.max;
    const ByteView bytes =
        piece.first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), border - offset())));
    const std::uint64_t before = position_;
    scan(bytes, cuts);
    piece = piece.subspan(static_cast<std::size_t>(position_ - before));
  }
}

/// Takes bytes up to the next cut, all of them if there is none. They lie on one side of min.
void Chunker::scan(ByteView bytes, std::vector<std::uint64_t>& cuts) {
  if (offset() < parameters_.min) {
    hash_ = roll(hash_, bytes);
    position_ += bytes.size();
    return;
  }
  while (!bytes.empty()) {
    const std::size_t count = gear_scan(hash_, bytes, largest_.back());
    position_ += count;
    bytes = bytes.subspan(count);
    if (hash_ <= largest_.back() && judge(position_, cuts)) return;
  }
  if (offset() == parameters_.max) cut_at_maximum(cuts);
}

/// The cold path: true if the candidate that would end the chunk at `end` does so.
bool Chunker::judge(std::uint64_t end, std::vector<std::uint64_t>& cuts) {
  std::size_t level = 0;
  while (hash_ > largest_[level]) ++level;
  if (level == 0) {
    cut_at(end, cuts);
    return true;
  }
  fallback_[level] = end;
  return false;
}

/// Candidates that the next chunk has already passed stay; those at or before its minimum are none of its
/// own.
void Chunker::cut_at(std::uint64_t end, std::vector<std::uint64_t>& cuts) {
  cuts.push_back(end);
  start_ = end;
  for (std::uint64_t& candidate : fallback_)
    if (candidate <= start_ + parameters_.min) candidate = 0;
}

void Chunker::cut_at_maximum(std::vector<std::uint64_t>& cuts) {
  const auto best =
      std::find_if(fallback_.begin(), fallback_.end(), [](std::uint64_t end) { return end != 0; });
  cut_at(best != fallback_.end() ? *best : position_, cuts);
}

bool Chunker::zeros_hold_no_candidate() const { return zeros_hash() > largest_.back(); }

void Chunker::feed_zeros(std::uint64_t length, std::vector<std::uint64_t>& cuts) {
  static constexpr std::array<std::byte, 4096> zeros{};
  const bool by_arithmetic = zeros_hold_no_candidate();
  while (length > 0) {
    length -= skip(length);
    if (by_arithmetic && hash_ == zeros_hash()) {
      const std::uint64_t count = std::min(length, parameters_.max - offset());
      position_ += count;
      length -= count;
      if (offset() == parameters_.max) cut_at_maximum(cuts);
    } else {
      const std::uint64_t count =
          std::min<std::uint64_t>(length, by_arithmetic ? k_gear_window : zeros.size());
      feed(ByteView(zeros).first(static_cast<std::size_t>(count)), cuts);
      length -= count;
    }
  }
}

std::uint64_t Chunker::feed_hole(std::uint64_t length, std::vector<std::uint64_t>& cuts) {
  std::uint64_t chunks = 0;
  if (zeros_hold_no_candidate()) {
    // The chunk that reaches in, and those that fallback cuts leave of it, first.
    while (length > 0 && offset() > 0) {
      const std::uint64_t count = std::min(length, parameters_.max - offset());
      feed_zeros(count, cuts);
      length -= count;
    }
    // A chunk of zeros from its first byte on holds no candidate: none is judged before 64 of them.
    chunks = length / parameters_.max;
    position_ += chunks * parameters_.max;
    start_ += chunks * parameters_.max;
    length %= parameters_.max;
  }
  feed_zeros(length, cuts);
  return chunks;
}

void Chunker::finish(std::vector<std::uint64_t>& cuts) {
  if (position_ > start_) cuts.push_back(position_);
  *this = Chunker(parameters_);
}

std::vector<std::uint64_t> chunk_cuts(const ChunkParameters& parameters, ByteView bytes) {
  std::vector<std::uint64_t> cuts;
  Chunker chunker(parameters);
  chunker.feed(bytes, cuts);
  chunker.finish(cuts);
  return cuts;
}

}  // namespace store
