#include "repo/block_cache.h"

#include <algorithm>

namespace store {
namespace {

// A shard must hold a few of the largest ordinary blocks, or hashing them to shards would evict what is in
// use.
constexpr std::uint64_t k_shard_bytes = 8 * std::uint64_t{k_data_block_size};
constexpr std::uint64_t k_max_shards = 16;

}  // namespace

BlockCache::BlockCache(std::uint64_t bytes) {
  const std::uint64_t count = std::clamp<std::uint64_t>(bytes / k_shard_bytes, 1, k_max_shards);
  shard_limit_ = bytes / count;
  for (std::uint64_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>());
}

BlockCache::Shard& BlockCache::shard_of(const Key& key) { return *shards_[KeyHash{}(key) % shards_.size()]; }

std::shared_ptr<const DecodedBlock> BlockCache::get(const Key& key) {
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.index.find(key);
  if (found == shard.index.end()) return nullptr;
  shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
  return found->second->block;
}

void BlockCache::put(const Key& key, std::shared_ptr<const DecodedBlock> block) {
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  if (shard.index.contains(key)) return;  // another thread decoded it at the same time
  shard.bytes += block->memory();
  shard.entries.push_front({key, std::move(block)});
  shard.index.emplace(key, shard.entries.begin());
  while (shard.bytes > shard_limit_ && shard.entries.size() > 1) {
    const Entry& oldest = shard.entries.back();
    shard.bytes -= oldest.block->memory();
    shard.index.erase(oldest.key);
    shard.entries.pop_back();
  }
}

}  // namespace store
