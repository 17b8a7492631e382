#pragma once

#include <string>
#include <string_view>

#include "base/object_id.h"

namespace store {

/// What KnownListing::names says of a directory. One thread at a time.
class ListingNames {
 public:
  /// In ascending order.
  void add(std::string_view name);
  ObjectId finish() const;

 private:
  std::string text_;  // in place of a piece that is full, its digest
};

}  // namespace store
