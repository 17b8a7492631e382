#pragma once

#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "repo/block.h"

namespace store {

/// Least-recently-used decoded blocks, bounded by bytes; private to ObjectStore. The block used last always
/// stays, so that a budget below one block does not decode it once per object. Thread rule: any thread.
class BlockCache {
 public:
  struct Key {
    ObjectId pack;
    std::uint64_t offset = 0;
    bool operator==(const Key&) const = default;
  };

  explicit BlockCache(std::uint64_t bytes);
  /// nullptr if it is not there.
  std::shared_ptr<const DecodedBlock> get(const Key& key);
  void put(const Key& key, std::shared_ptr<const DecodedBlock> block);

 private:
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return ObjectIdHash{}(key.pack) ^ static_cast<std::size_t>(key.offset * 0x9e3779b97f4a7c15ULL);
    }
  };
  struct Entry {
    Key key;
    std::shared_ptr<const DecodedBlock> block;
  };
  struct Shard {
    Mutex mutex;
    std::list<Entry> entries STORE_GUARDED_BY(mutex);  // used last comes first
    std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> index STORE_GUARDED_BY(mutex);
    std::uint64_t bytes STORE_GUARDED_BY(mutex) = 0;
  };
  Shard& shard_of(const Key& key);

  std::uint64_t shard_limit_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace store
