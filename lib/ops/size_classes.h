#pragma once

#include <optional>

#include "config/settings.h"
#include "format/index_record.h"
#include "pipeline/ingest.h"

namespace store {

/// How the content of a path is cut: by the class of its previous version, so that a file that grows across a border keeps its
/// chunks; without one, by its size (docs/decisions/ids.md). As long as all classes are cut alike nothing is recorded. Any thread.
class SizeClasses {
 public:
  explicit SizeClasses(const Settings& settings);

  /// `before`: the path in the index, or nullptr; `size`: nothing if it is not known before the end.
  ContentProfile profile_of(const IndexEntry* before, std::optional<std::uint64_t> size) const;
  /// Sets the profile of a regular file that is to be read, and the class that will be recorded.
  void apply(IngestInput& input, const IndexEntry* before, std::optional<std::uint64_t> size) const;
  /// The longest chunk of any class.
  std::uint32_t largest_chunk() const;

 private:
  SizeClass class_of(const IndexEntry* before, std::optional<std::uint64_t> size) const;
  ContentProfile profile_of(SizeClass size_class) const;

  const Settings& settings_;
  bool differ_ = false;
};

}  // namespace store
