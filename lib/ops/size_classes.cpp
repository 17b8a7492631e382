#include "ops/size_classes.h"

#include <algorithm>

namespace store {
namespace {

constexpr SizeClass k_classes[] = {SizeClass::small, SizeClass::medium, SizeClass::large, SizeClass::huge};

/// In the index 0 is "not recorded".
std::uint8_t recorded(SizeClass size_class) { return static_cast<std::uint8_t>(static_cast<std::uint8_t>(size_class) + 1); }

}  // namespace

SizeClasses::SizeClasses(const Settings& settings) : settings_(settings) {
  const ChunkBounds usual = settings.chunking.bounds_of(SizeClass::small);
  differ_ = std::ranges::any_of(k_classes, [&](SizeClass one) { return settings.chunking.bounds_of(one) != usual; });
}

SizeClass SizeClasses::class_of(const IndexEntry* before, std::optional<std::uint64_t> size) const {
  if (before != nullptr && is_regular(before->kind)) {
    if (before->size_class != 0) return static_cast<SizeClass>(before->size_class - 1);
    return settings_.chunking.class_of(before->size);
  }
  return size ? settings_.chunking.class_of(*size) : SizeClass::huge;
}

ContentProfile SizeClasses::profile_of(SizeClass size_class) const {
  const ChunkBounds bounds = settings_.chunking.bounds_of(size_class);
  ContentProfile profile;
  profile.chunking = ChunkParameters::for_average(bounds.average, settings_.chunking.min, settings_.chunking.max);
  profile.inline_threshold = std::min<std::uint64_t>(settings_.core.inline_threshold, profile.chunking.max);
  return profile;
}

ContentProfile SizeClasses::profile_of(const IndexEntry* before, std::optional<std::uint64_t> size) const {
  return profile_of(class_of(before, size));
}

void SizeClasses::apply(IngestInput& input, const IndexEntry* before, std::optional<std::uint64_t> size) const {
  if (!differ_) {
    if (before != nullptr) input.entry.size_class = before->size_class;
    return;
  }
  const SizeClass size_class = class_of(before, size);
  input.profile = profile_of(size_class);
  input.entry.size_class = recorded(size_class);
}

std::uint32_t SizeClasses::largest_chunk() const {
  std::uint32_t largest = 0;
  for (const SizeClass one : k_classes) largest = std::max(largest, profile_of(one).chunking.max);
  return largest;
}

}  // namespace store
