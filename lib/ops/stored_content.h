#pragma once

#include <optional>

#include "base/byte_source.h"
#include "ops/tree_reader.h"

namespace store {

/// The content of a regular file in the repository, front to back. One chunk is in memory at a time, checked against its id;
/// runs of zeros are numbers. Error{corrupt} for what is missing or damaged.
class StoredContent final : public ByteSource {
 public:
  StoredContent(const ObjectReader& objects, const TreeEntry& file);
  std::size_t read(MutableByteView out) override;
  std::uint64_t skip_zeros() override;

 private:
  bool fetch();
  void load(const ObjectId& chunk, std::uint64_t length);
  const ObjectReader& objects_;
  std::optional<RecipeCursor> recipe_;  // of a large file
  std::optional<TreeEntry> small_;      // a file of one chunk, until that is loaded
  Bytes chunk_;
  std::size_t at_ = 0;                  // in chunk_
  std::uint64_t zeros_ = 0;             // that come next
};

}  // namespace store
