#include "pipeline/restore_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/path.h"
#include "base/text.h"
#include "repo/recipe_nodes.h"

namespace store {
namespace {

/// Large files in one batch: each may hold a descriptor.
constexpr std::size_t k_open_files = 128;
/// Stretches up to which a large file is planned ahead: 256 MiB, so that the plan of a larger one takes no more memory.
constexpr std::size_t k_large_file_extents = 4096;
/// Files without content in one group.
constexpr std::size_t k_empty_files = 64;
/// Chunks of one block in one group: a block may hold 65,536 tiny files, which one thread would write alone.
constexpr std::size_t k_chunks_in_group = 512;
/// What `finish` of an item holds, about.
constexpr std::size_t k_finish_weight = 512;
/// Zeros that are written, not left out, in one extent.
constexpr std::uint64_t k_zeros_in_extent = 64u << 20;

}  // namespace

void sort_by_location(std::vector<Extent>& extents) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    const auto rank = [](const Extent& extent) {
      return std::make_tuple(!extent.chunk.location.has_value(), !extent.is_chunk(), extent.chunk.length != 0);
    };
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    if (a.chunk.location != b.chunk.location) return a.chunk.location < b.chunk.location;
    if (a.file != b.file) return compare_paths(a.file->item.path, b.file->item.path) < 0;
    return a.offset < b.offset;
  });
}

std::vector<std::size_t> group_ends(const std::vector<Extent>& extents) {
  std::vector<std::size_t> ends;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= extents.size(); ++i) {
    if (i < extents.size()) {
      const Extent& first = extents[begin];
      const bool same_block = first.chunk.same_block(extents[i].chunk);
      const bool both_empty = first.chunk.length == 0 && extents[i].chunk.length == 0;
      if (same_block && i - begin < k_chunks_in_group) continue;
      if (both_empty && i - begin < k_empty_files) continue;
    }
    ends.push_back(i);
    begin = i;
  }
  return ends;
}

RestorePlanner::RestorePlanner(const ObjectReader& objects, const TargetTree& target,
                               const std::function<std::optional<RestoreItem>()>& next, Failed failed,
                               const RestoreOptions& options)
    : objects_(objects), target_(target), next_(next), failed_(std::move(failed)), options_(options) {}

/// An eighth of the budget is for the plan, of which one batch is written while the next is made; the rest is for blocks that are
/// being decoded, and for the caller.
bool RestorePlanner::has_room(const Batch& batch) const {
  return batch.empty() || (weight_ < options_.memory / 16 && large_files_ < k_open_files);
}

RestorePlanner::Batch RestorePlanner::next_batch() {
  Batch batch;
  weight_ = 0;
  large_files_ = 0;
  if (open_) {
    ++large_files_;
    go_on(batch);
  }
  while (!open_ && !end_ && has_room(batch)) {
    if (options_.cancel != nullptr) options_.cancel->check();
    std::optional<RestoreItem> item = next_();
    if (item)
      start(std::move(*item), batch);
    else
      end_ = true;
  }
  return batch;
}

void RestorePlanner::start(RestoreItem item, Batch& batch) {
  const auto file = std::make_shared<RestoreFile>(std::move(item));
  weight_ += sizeof(RestoreFile) + file->item.path.capacity() + (file->item.finish.apply ? k_finish_weight : 0);
  if (file->item.kind == EntryKind::large_file) {
    ++large_files_;
    start_large(file, batch);
    return;
  }
  RestoreItem& small = file->item;
  small.written = small.size;
  WantedChunk chunk;
  if (small.size != 0) chunk = find_chunk(objects_, small.id, small.size);
  add(file, 0, chunk, batch);
}

void RestorePlanner::start_large(const RestoreFilePtr& file, Batch& batch) {
  const RestoreItem& item = file->item;
  try {
    file->holes = item.holes == RestoreItem::Holes::all ||
                  (item.holes == RestoreItem::Holes::with_recipe && zeros_in(objects_, item.id) != 0);
    if (item.in_place) open_in_place(*file);
    stretches_.emplace(objects_, file->in_place ? std::optional(item.in_place->from) : std::nullopt, item.id);
    if (stretches_->size() != item.size)
      throw_corrupt(fmt::format("recipe {}: {}: holds {} bytes, its entry says {}", item.id.hex(),
                                escape_name(item.path), stretches_->size(), item.size));
  } catch (const Error& error) {
    stretches_.reset();
    failed_(file, error);
    return;
  }
  open_ = file;
  file->outstanding = 1;
  go_on(batch);
}

/// Right away: where that is refused, the whole file is written instead.
void RestorePlanner::open_in_place(RestoreFile& file) const {
  const RestoreItem::InPlace& in_place = *file.item.in_place;
  std::optional<TargetTree::File> output = target_.open_in_place(file.item.path, in_place.stat, file.item.size);
  file.in_place = output.has_value();
  if (options_.progress != nullptr && !file.in_place)
    options_.progress->bytes_total += file.item.size - changed_stretches(objects_, in_place.from, file.item.id);
  const MutexLock lock(file.mutex);
  file.output = std::move(output);
}

/// Takes stretches of the open file until the batch is full or the file ends.
void RestorePlanner::go_on(Batch& batch) {
  const RestoreFilePtr file = open_;
  try {
    const auto room = [&] {
      return batch.extents.empty() || (weight_ < options_.memory / 16 && batch.extents.size() < k_large_file_extents);
    };
    while (!file->broken && !stretches_->at_end() && room()) {
      const RecipeEntry& entry = stretches_->entry();
      file->item.written += entry.length;
      if (entry.kind == RecipeKind::zeros)
        add_zeros(file, stretches_->offset(), entry.length, batch);
      else
        add(file, stretches_->offset(), find_chunk(objects_, entry.id, entry.length), batch);
      stretches_->next();
    }
    if (!file->broken && !stretches_->at_end()) return;
  } catch (const Error& error) {
    failed_(file, error);
  }
  open_.reset();
  stretches_.reset();
  // Nothing of it is outstanding any more, or the last extent to be written finishes it.
  if (--file->outstanding == 0) batch.finished.push_back(file);
}

void RestorePlanner::add(const RestoreFilePtr& file, std::uint64_t offset, const WantedChunk& chunk, Batch& batch) {
  ++file->outstanding;
  batch.extents.push_back({file, offset, chunk});
  weight_ += sizeof(Extent);
}

void RestorePlanner::add_zeros(const RestoreFilePtr& file, std::uint64_t offset, std::uint64_t length, Batch& batch) {
  if (file->holes && !file->in_place) {
    if (options_.progress != nullptr) options_.progress->bytes_done += length;
    return;
  }
  for (std::uint64_t done = 0; done < length; done += k_zeros_in_extent) {
    WantedChunk zeros;
    zeros.length = std::min(k_zeros_in_extent, length - done);
    add(file, offset + done, zeros, batch);
  }
}

}  // namespace store
