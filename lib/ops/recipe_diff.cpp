#include "ops/recipe_diff.h"

#include <algorithm>
#include <unordered_map>

namespace store {
namespace {

constexpr std::size_t k_first_look = 16;

/// Runs of zeros of one length are no sign that two files agree again.
bool is_anchor(const RecipeEntry& entry) { return entry.kind == RecipeKind::chunk; }

}  // namespace

RecipeDiff::RecipeDiff(const ObjectReader& objects, const TreeEntry* before, const TreeEntry* after)
    : before_(side_of(objects, before)), after_(side_of(objects, after)) {}

RecipeDiff::RecipeDiff(const ObjectReader& objects, const TreeEntry* before, Source after)
    : before_(side_of(objects, before)) {
  after_.source = std::move(after);
}

RecipeDiff::Side RecipeDiff::side_of(const ObjectReader& objects, const TreeEntry* entry) {
  Side side;
  if (entry == nullptr || entry->size == 0) return side;
  if (entry->kind == EntryKind::large_file)
    side.cursor.emplace(objects, entry->id);
  else
    side.ahead.push_back({RecipeKind::chunk, entry->size, entry->id});
  return side;
}

void RecipeDiff::Side::fill(std::size_t count) {
  for (; ahead.size() < count && cursor && !cursor->at_end(); cursor->next()) ahead.push_back(cursor->entry());
  while (ahead.size() < count && source) {
    if (std::optional<RecipeEntry> entry = source()) ahead.push_back(*entry);
    else source = nullptr;
  }
}

bool RecipeDiff::Side::at_end() {
  fill(1);
  return ahead.empty();
}

std::uint64_t RecipeDiff::Side::drop(std::size_t count) {
  std::uint64_t bytes = 0;
  for (; count > 0; --count) {
    bytes += ahead.front().length;
    ahead.pop_front();
  }
  position += bytes;
  return bytes;
}

/// Goes on to the first difference.
void RecipeDiff::pass_equal() {
  for (;;) {
    if (before_.ahead.empty() && after_.ahead.empty() && before_.cursor && after_.cursor &&
        RecipeCursor::skip_shared(*before_.cursor, *after_.cursor)) {
      const std::uint64_t at = before_.cursor->offset();
      after_.position += at - before_.position;
      before_.position = at;
    }
    if (before_.at_end() || after_.at_end()) return;
    RecipeEntry& old_entry = before_.ahead.front();
    RecipeEntry& new_entry = after_.ahead.front();
    if (old_entry == new_entry) {
      before_.drop(1);
      after_.drop(1);
    } else if (old_entry.kind == RecipeKind::zeros && new_entry.kind == RecipeKind::zeros) {
      // Of two runs of zeros the common part is equal.
      const std::uint64_t common = std::min(old_entry.length, new_entry.length);
      for (Side* side : {&before_, &after_}) {
        side->position += common;
        side->ahead.front().length -= common;
        if (side->ahead.front().length == 0) side->ahead.pop_front();
      }
    } else {
      return;
    }
  }
}

/// The nearest place at which both go on with the same chunk; nothing if there is none within the window.
std::optional<RecipeDiff::Place> RecipeDiff::find_resync() {
  for (std::size_t look = k_first_look;; look *= 4) {
    before_.fill(look);
    after_.fill(look);
    const std::size_t old_count = std::min(look, before_.ahead.size());
    const std::size_t new_count = std::min(look, after_.ahead.size());
    std::unordered_map<ObjectId, std::size_t, ObjectIdHash> places;
    for (std::size_t i = 0; i < old_count; ++i)
      if (is_anchor(before_.ahead[i])) places.emplace(before_.ahead[i].id, i);
    std::optional<Place> best;
    for (std::size_t i = 0; i < new_count && (!best || i < best->before + best->after); ++i) {
      if (!is_anchor(after_.ahead[i])) continue;
      const auto found = places.find(after_.ahead[i].id);
      if (found == places.end()) continue;
      if (!best || found->second + i < best->before + best->after) best = Place{found->second, i};
    }
    if (best) return best;
    const bool all = before_.ahead.size() < look && after_.ahead.size() < look;
    if (all || look >= k_resync_window) return {};
  }
}

std::optional<ChangedRange> RecipeDiff::next() {
  pass_equal();
  ChangedRange range{before_.position, 0, after_.position, 0};
  while (!before_.at_end() || !after_.at_end()) {
    const std::optional<Place> resync = find_resync();
    range.old_length += before_.drop(resync ? resync->before : before_.ahead.size());
    range.new_length += after_.drop(resync ? resync->after : after_.ahead.size());
    if (resync) break;
  }
  if (range.old_length == 0 && range.new_length == 0) return {};
  return range;
}

bool RecipeDiff::equal_to_the_end() {
  pass_equal();
  return before_.at_end() && after_.at_end();
}

bool same_chunks(const ObjectReader& objects, const TreeEntry& before, const TreeEntry& after) {
  if (!is_regular(before.kind) || !is_regular(after.kind) || before.size != after.size) return false;
  return (before.kind == after.kind && before.id == after.id) || RecipeDiff(objects, &before, &after).equal_to_the_end();
}

std::uint64_t changed_bytes(const ObjectReader& objects, const TreeEntry* before, const TreeEntry* after) {
  std::uint64_t bytes = 0;
  RecipeDiff diff(objects, before, after);
  while (const std::optional<ChangedRange> range = diff.next())
    bytes = saturating_add(bytes, std::max(range->old_length, range->new_length));
  return bytes;
}

}  // namespace store
