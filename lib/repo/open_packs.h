#pragma once

#include <memory>
#include <unordered_map>

#include "base/mutex.h"
#include "repo/repository.h"

namespace store {

/// A pack open for reading blocks. A damaged header is no hindrance: each block has its own checksums.
struct OpenPack {
  UniqueFd fd;
  std::uint64_t size = 0;
  std::string name;  // for messages
};

/// The last 64 packs that were read; private to ObjectStore. Thread rule: any thread.
class OpenPacks {
 public:
  explicit OpenPacks(const Repository& repository) : repository_(repository) {}
  /// nullptr if the pack's file is gone.
  std::shared_ptr<const OpenPack> open(const ObjectId& pack);
  /// Closes everything: unlinked packs then give their space back.
  void clear();

 private:
  struct Slot {
    std::shared_ptr<const OpenPack> pack;
    std::uint64_t used = 0;
  };
  const Repository& repository_;
  Mutex mutex_;
  std::unordered_map<ObjectId, Slot, ObjectIdHash> slots_ STORE_GUARDED_BY(mutex_);
  std::uint64_t clock_ STORE_GUARDED_BY(mutex_) = 0;
};

}  // namespace store
