#pragma once

#include <string>

#include "app/json_writer.h"
#include "ops/tree_changes.h"
#include "repo/object_store.h"

namespace store {

/// An element of `changes` of `show` and `diff`: {path, change, from, old_id, new_id, old_size, new_size, changed_bytes}.
void write_change(JsonWriter& json, const ObjectReader& objects, const ListedChange& change);

/// "M  1.2 MiB → 1.3 MiB, 64 KiB changed  path" for people, without line end.
std::string change_line(const ObjectReader& objects, const ListedChange& change, bool color);

}  // namespace store
