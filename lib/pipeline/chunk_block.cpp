#include "pipeline/chunk_block.h"

#include <fmt/format.h>

#include "hash/sha256.h"

namespace store {

WantedChunk find_chunk(const ObjectReader& objects, const ObjectId& id, std::uint64_t length) {
  return {id, length, objects.find({ObjectType::chunk, id})};
}

ChunkBlock::ChunkBlock(const ObjectReader& objects, std::vector<WantedChunk> wanted)
    : wanted_(std::move(wanted)), bytes_(wanted_.size()), good_(wanted_.size(), false) {
  strays_.reserve(wanted_.size());
  for (std::size_t i = 0; i < wanted_.size(); ++i) load(objects, i);
  verify();
}

void ChunkBlock::load(const ObjectReader& objects, std::size_t index) {
  const WantedChunk& chunk = wanted_[index];
  const ObjectKey key{ObjectType::chunk, chunk.id};
  if (!chunk.location) {
    strays_.push_back(objects.read(key));
    bytes_[index] = strays_.back();
    return;
  }
  // Once a merge has moved the block, every chunk is asked for on its own: they may have gone different ways.
  ObjectLocation location = *chunk.location;
  if (index == 0 || blocks_.size() > 1 || !chunk.same_block(wanted_[0])) {
    blocks_.push_back(objects.read_block(key, location));
    if (index == 0 && location != *chunk.location) blocks_.push_back(blocks_.back());
  }
  const DecodedBlock& block = *blocks_.back();
  if (location.ordinal < block.size() && block.object(location.ordinal).type == ObjectType::chunk)
    bytes_[index] = block.bytes(location.ordinal);
}

/// The batch form of SHA-256 interleaves messages: more than twice as fast as one by one.
void ChunkBlock::verify() {
  std::vector<ObjectId> ids(bytes_.size());
  std::vector<ByteView> distinct;
  std::vector<std::size_t> number(bytes_.size());
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    const bool repeated = i > 0 && bytes_[i].data() == bytes_[i - 1].data() && bytes_[i].size() == bytes_[i - 1].size();
    if (!repeated) distinct.push_back(bytes_[i]);
    number[i] = distinct.size() - 1;
  }
  ids.resize(distinct.size());
  sha256_batch(distinct, ids);
  for (std::size_t i = 0; i < bytes_.size(); ++i)
    good_[i] = bytes_[i].size() == wanted_[i].length && ids[number[i]] == wanted_[i].id;
}

ByteView ChunkBlock::bytes(std::size_t index) const {
  if (good_[index]) return bytes_[index];
  const WantedChunk& chunk = wanted_[index];
  const bool length_is_right = bytes_[index].size() == chunk.length;
  if (chunk.location && (length_is_right || bytes_[index].empty()))
    throw_corrupt(fmt::format("pack {}: block at offset {}: object {} is not chunk {}",
                              chunk.location->pack.short_hex(), chunk.location->block_offset,
                              chunk.location->ordinal, chunk.id.hex()));
  throw_corrupt(fmt::format("chunk {}: holds {} bytes, {} were recorded", chunk.id.hex(), bytes_[index].size(),
                            chunk.length));
}

}  // namespace store
