#include <fmt/format.h>

#include "base/error.h"
#include "repo/object_store.h"

namespace store {

Bytes ObjectReader::read(const ObjectKey& key) const {
  std::optional<ObjectLocation> location = find(key);
  if (!location && look_again()) location = find(key);
  if (!location) throw_corrupt(fmt::format("{} {}: missing", name_of(key.type), key.id.hex()));
  const std::shared_ptr<const DecodedBlock> block = read_block(key, *location);
  const ByteView bytes = block->bytes(location->ordinal);
  if (!object_matches(key, bytes))
    throw_corrupt(fmt::format("pack {}: block at offset {}: object {} is not {} {}",
                              location->pack.short_hex(), location->block_offset, location->ordinal,
                              name_of(key.type), key.id.hex()));
  return {bytes.begin(), bytes.end()};
}

Bytes ObjectReader::read_base(const ObjectId& chunk) const {
  throw_corrupt(fmt::format("chunk {}: cannot be read as a base here", chunk.hex()));
}

}  // namespace store
