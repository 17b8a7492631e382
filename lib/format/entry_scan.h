// How far an encoded entry reaches and what its node needs to know of it, without decoding the rest; private to
// format.
#pragma once

#include "base/bytes.h"
#include "base/object_id.h"

namespace store {

struct ScannedEntry {
  std::uint64_t count = 1;  // level-0 entries below
  std::uint64_t bytes = 0;  // content bytes below
  std::string_view name;    // trees: the entry's name, or the last one below
  bool zeros = false;       // recipes: a zeros entry
};

/// Reads one entry of a node of that type and level; Error{corrupt} if it ends early or has an unknown kind.
ScannedEntry scan_entry(ObjectType type, int level, ByteReader& in);

/// Passes over one attributes entry (attributes.cpp).
void skip_attributes_entry(ByteReader& in);

}  // namespace store
