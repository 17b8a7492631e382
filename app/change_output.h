#pragma once

#include <optional>
#include <string>

#include "app/json_writer.h"
#include "base/text.h"
#include "ops/tree_changes.h"

namespace store {

/// An element of `changes` of `show` and `diff`: {path, change, from, old_id, new_id, old_size, new_size, changed_bytes}.
/// The object stays open: the caller may add fields and ends it.
void begin_change(JsonWriter& json, const ListedChange& change, std::uint64_t changed_bytes);

struct ChangeForm {
  bool color = false;
  SizeText size = human_size;
  std::optional<std::size_t> window = {};  // what is printed to; none: no window
};
/// "M  path  (1.2 MiB → 1.3 MiB, 64 KiB changed)" for people, without line end. In a narrow window the sizes before and after go, then
/// all of what is in parentheses, then the begin of the path.
std::string change_line(const ListedChange& change, std::uint64_t changed_bytes, const ChangeForm& form);
/// 'A', 'M', 'D', 'R' or 'T'.
char letter_of(Change change);

}  // namespace store
