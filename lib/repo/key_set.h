#pragma once

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/object_id.h"

namespace store {

/// Keys of objects (open addressing, linear probing): 41 to 83 bytes each when it was fullest. A heap node for each, between blocks
/// that come and go, leaves holes in the heap: 50 MB with 94,000 objects. One thread.
class KeySet {
 public:
  KeySet() = default;
  /// With room for so many.
  explicit KeySet(std::size_t expected) {
    for (Part& part : parts_) part.resize(slots_for(expected / parts_.size() + expected / 64 + 8));
  }

  std::size_t size() const {
    std::size_t size = 0;
    for (const Part& part : parts_) size += part.size;
    return size;
  }
  bool contains(const ObjectKey& key) const {
    const Part& part = parts_[part_of(key)];
    return part.size != 0 && part.slots[part.place_of(key)] == key;
  }
  /// False if it was there.
  bool insert(const ObjectKey& key) {
    Part& part = parts_[part_of(key)];
    if (part.slots.size() < slots_for(part.size + 1)) part.resize(std::max(k_first_slots, 2 * part.slots.size()));
    ObjectKey& slot = part.slots[part.place_of(key)];
    if (slot == key) return false;
    slot = key;
    ++part.size;
    return true;
  }
  /// Without those for which `gone` is true. Their room is kept for the next.
  template <typename Gone>
  void erase_if(const Gone& gone) {
    for (Part& part : parts_) {
      for (ObjectKey& key : part.slots) {
        if (key == ObjectKey{} || !gone(key)) continue;
        key = {};
        --part.size;
      }
      part.resize(part.slots.size());
    }
  }

 private:
  // Doubled eight times all parts have room for the objects of a pack and what is on its way to the next one.
  static constexpr std::size_t k_first_slots = 88;

  /// So that one in five is empty.
  static constexpr std::size_t slots_for(std::size_t keys) { return keys + keys / 4 + 1; }

  /// Grows by itself: what is held twice meanwhile is little.
  struct Part {
    std::vector<ObjectKey> slots;  // an empty one has no type
    std::size_t size = 0;

    /// Where it is, or would be.
    std::size_t place_of(const ObjectKey& key) const {
      std::size_t at = ObjectKeyHash{}(key) % slots.size();
      while (slots[at] != ObjectKey{} && slots[at] != key) at = at + 1 == slots.size() ? 0 : at + 1;
      return at;
    }
    void resize(std::size_t count) {
      const std::vector<ObjectKey> keys = std::exchange(slots, std::vector<ObjectKey>(count));
      for (const ObjectKey& key : keys)
        if (key != ObjectKey{}) slots[place_of(key)] = key;
    }
  };

  std::array<Part, 16> parts_;
  /// By a byte that the hash does not look at.
  static std::size_t part_of(const ObjectKey& key) { return std::to_integer<std::size_t>(key.id.bytes.back()) % 16; }
};

}  // namespace store
