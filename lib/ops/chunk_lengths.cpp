#include "ops/chunk_lengths.h"

namespace store {

void ChunkLengths::note(const BlockPlace& place, const DecodedBlock& block) {
  // A block holds file content or metadata, never both.
  if (block.size() == 0 || block.object(0).type != ObjectType::chunk) return;
  std::vector<std::uint32_t>& lengths = packs_[place.pack][place.offset];
  lengths.clear();
  lengths.reserve(block.size());
  for (std::size_t i = 0; i < block.size(); ++i) lengths.push_back(block.object(i).length);
}

std::optional<std::uint64_t> ChunkLengths::at(const ObjectLocation& location) const {
  const auto pack = packs_.find(location.pack);
  if (pack == packs_.end()) return std::nullopt;
  const auto block = pack->second.find(location.block_offset);
  if (block == pack->second.end() || location.ordinal >= block->second.size()) return std::nullopt;
  return block->second[location.ordinal];
}

}  // namespace store
