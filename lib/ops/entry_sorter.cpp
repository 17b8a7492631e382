#include "ops/entry_sorter.h"

namespace store {
namespace {

/// At some 600 bytes an entry, 5 MiB. The temporary index rewrites itself whenever it has grown by a quarter.
constexpr std::size_t k_in_memory = 8 * 1024;
/// Attributes are 100 bytes as a rule, but may be 16 KiB.
constexpr std::size_t k_metadata_in_memory = 4u << 20;

/// Passes entries on, but not what lies below one that is no directory.
class LeaveOutShadowed {
 public:
  explicit LeaveOutShadowed(const std::function<void(const IndexEntry&)>& visit) : visit_(visit) {}
  void operator()(const IndexEntry& entry) {
    if (leaf_ && is_within(entry.path, *leaf_)) return;
    leaf_.reset();
    if (entry.kind != EntryKind::directory) leaf_ = entry.path;
    visit_(entry);
  }

 private:
  const std::function<void(const IndexEntry&)>& visit_;
  std::optional<std::string> leaf_;
};

}  // namespace

void EntrySorter::put(IndexEntry entry) {
  std::string path = entry.path;
  metadata_bytes_ += entry.metadata.size();
  entries_.insert_or_assign(std::move(path), std::move(entry));
  if (entries_.size() >= k_in_memory || metadata_bytes_ >= k_metadata_in_memory) spill();
}

std::optional<IndexEntry> EntrySorter::find(const std::string& path) const {
  const auto found = entries_.find(path);
  if (found != entries_.end()) return found->second;
  return spill_ ? spill_->find(path) : std::nullopt;
}

void EntrySorter::spill() {
  if (!spill_) spill_ = std::make_unique<Index>(fs_, session_.directory_fd());
  Index::Batch batch = spill_->begin();
  for (const auto& [path, entry] : entries_) batch.put(entry);
  batch.commit(false);
  entries_.clear();
  metadata_bytes_ = 0;
}

void EntrySorter::visit(const std::function<void(const IndexEntry&)>& visit) {
  LeaveOutShadowed pass(visit);
  if (!spill_) {
    for (const auto& [path, entry] : entries_) pass(entry);
    return;
  }
  if (!entries_.empty()) spill();
  for (Index::Cursor at = spill_->seek(""); !at.at_end(); at.next()) pass(at.entry());
}

}  // namespace store
