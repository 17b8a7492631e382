#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/object_id.h"
#include "hash/sha256.h"

namespace store {

/// What KnownListing::names says of a directory. One thread at a time.
class ListingNames {
 public:
  /// In ascending order.
  void add(std::string_view name);
  ObjectId finish();

 private:
  std::string text_;
  std::optional<Sha256> begun_;  // with the names that are no more in `text_`
};

}  // namespace store
