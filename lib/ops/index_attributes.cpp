#include "ops/index_attributes.h"

#include <string>

#include "base/path.h"

namespace store {
namespace {

/// The directories above paths that come in order, each once, in path order.
class Ancestors {
 public:
  void add(std::string_view path) {
    if (path.empty()) return;
    if (all_.empty()) all_.emplace_back();
    while (!open_.empty() && !is_within(path, open_.back())) open_.pop_back();
    std::size_t end = open_.empty() ? 0 : open_.back().size() + 1;
    for (end = path.find('/', end); end != std::string_view::npos; end = path.find('/', end + 1)) {
      open_.emplace_back(path.substr(0, end));
      all_.push_back(open_.back());
    }
  }
  const std::vector<std::string>& all() const { return all_; }

 private:
  std::vector<std::string> open_;  // outermost first, without the root
  std::vector<std::string> all_;
};

/// Puts changed entries and the directories above them, which lose their attributes id, in path order.
class MetadataBatch {
 public:
  MetadataBatch(const Index& index, Index::Batch& batch, const std::vector<std::string>& unknown)
      : index_(index), batch_(batch), unknown_(unknown) {}

  void put(const IndexEntry& changed) {
    forget_before(changed.path);
    IndexEntry entry = changed;
    if (next_ < unknown_.size() && unknown_[next_] == changed.path) {
      entry.attributes = {};
      ++next_;
    }
    batch_.put(entry);
  }

  void finish() {
    while (next_ < unknown_.size()) forget(unknown_[next_++]);
  }

 private:
  void forget_before(const std::string& path) {
    while (next_ < unknown_.size() && compare_paths(unknown_[next_], path) < 0) forget(unknown_[next_++]);
  }
  void forget(const std::string& directory) {
    std::optional<IndexEntry> entry = index_.find(directory);
    if (!entry || entry->attributes.is_zero()) return;
    entry->attributes = {};
    batch_.put(*entry);
  }

  const Index& index_;
  Index::Batch& batch_;
  const std::vector<std::string>& unknown_;
  std::size_t next_ = 0;
};

/// A directory's content may have changed in the batch before: only what was refreshed is taken over.
IndexEntry refreshed_entry(const Index& index, const IndexEntry& entry) {
  if (entry.kind != EntryKind::directory) return entry;
  std::optional<IndexEntry> now = index.find(entry.path);
  if (!now || now->kind != EntryKind::directory) return entry;
  now->stat = entry.stat;
  now->racy = entry.racy;
  now->metadata = entry.metadata;
  if (entry.path.empty()) now->mode = entry.mode;
  return *now;
}

}  // namespace

IndexEntry root_index_entry() {
  IndexEntry root;
  root.kind = EntryKind::directory;
  root.mode = 0755;
  return root;
}

void record_refreshed(Index& index, const std::vector<IndexEntry>& refreshed, bool sync) {
  if (refreshed.empty()) return;
  Ancestors unknown;
  for (const IndexEntry& entry : refreshed) {
    const std::optional<IndexEntry> before = index.find(entry.path);
    if (!before || before->metadata != entry.metadata) unknown.add(entry.path);
  }
  Index::Batch batch = index.begin();
  MetadataBatch out(index, batch, unknown.all());
  for (const IndexEntry& entry : refreshed) out.put(refreshed_entry(index, entry));
  out.finish();
  batch.commit(sync);
}

}  // namespace store
