// Chunker against the naive reference: any parameters, content, pieces, and zero runs by arithmetic.
#include <algorithm>

#include "chunk/chunker.h"
#include "fuzz/target.h"
#include "unit/chunk/naive_chunker.h"

using namespace store;

namespace {

/// Takes one byte; zero when there is none left.
std::size_t take(ByteView& input) {
  if (input.empty()) return 0;
  const auto value = std::to_integer<std::size_t>(input.front());
  input = input.subspan(1);
  return value;
}

ChunkParameters take_parameters(ByteView& input) {
  const auto min = static_cast<std::uint32_t>(k_gear_window + take(input));
  const auto max = static_cast<std::uint32_t>(min + 1 + take(input) + 8 * take(input));
  return {.min = min, .max = max, .threshold = ~std::uint64_t{0} >> (take(input) % 64)};
}

/// The rest of the input is a list of pieces: a length byte and so many bytes; a length of 255 means a run of
/// zeros, of 16 times the byte that follows.
void chunker(ByteView input) {
  const ChunkParameters parameters = take_parameters(input);
  Chunker chunker(parameters);
  std::vector<std::uint64_t> cuts;
  Bytes stream;
  while (!input.empty()) {
    const std::size_t length = take(input);
    if (length == 255) {
      const std::size_t zeros = 16 * take(input);
      std::uint64_t chunks = 0;
      if (zeros % 32 == 0)
        chunker.feed_zeros(zeros, cuts);
      else
        chunks = chunker.feed_hole(zeros, cuts);
      for (; chunks > 0; --chunks) cuts.push_back((cuts.empty() ? 0 : cuts.back()) + parameters.max);
      stream.resize(stream.size() + zeros);
    } else {
      const ByteView piece = input.first(std::min(length, input.size()));
      input = input.subspan(piece.size());
      chunker.feed(piece, cuts);
      stream.insert(stream.end(), piece.begin(), piece.end());
    }
  }
  chunker.finish(cuts);
  fuzz::require(cuts == store::testing::naive_cuts(parameters, stream));
}

const fuzz::Enter k_chunker("chunker", chunker);

}  // namespace
