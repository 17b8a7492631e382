#include "ops/index_patch.h"

#include "ops/content_match.h"

namespace store {

void IndexPatch::put(IndexEntry entry) {
  std::string path = entry.path;
  changes_[std::move(path)] = std::move(entry);
}

void IndexPatch::put(const std::string& path, const TreeEntry& entry) {
  IndexEntry staged;
  staged.path = path;
  staged.kind = entry.kind;
  staged.mode = entry.mode;
  staged.size = entry.size;
  staged.id = entry.id;
  if (entry.kind == EntryKind::directory) {
    staged.id = {};  // what is below need not be the tree's
    staged.size = 0;
  } else {
    staged.chunks = chunk_count(workspace_.objects(), entry);
  }
  put(std::move(staged));
}

void IndexPatch::remove(const std::string& path) { changes_[path] = std::nullopt; }

void IndexPatch::remove_emptied(const std::function<bool(const std::string&)>& stays) {
  for (auto at = changes_.rbegin(); at != changes_.rend(); ++at) {
    if (at->second) continue;
    for (std::string_view above = parent_path(at->first); !above.empty(); above = parent_path(above)) {
      const std::string directory(above);
      if (!is_emptied(directory) || (stays && stays(directory))) break;
      changes_[directory] = std::nullopt;
    }
  }
}

bool IndexPatch::is_emptied(const std::string& directory) const {
  const auto put_below = [&] {
    for (auto at = changes_.lower_bound(directory); at != changes_.end() && is_within(at->first, directory); ++at)
      if (at->second) return true;
    return false;
  };
  Index::Cursor below = index_.seek(directory);
  for (; !below.at_end() && is_within(below.entry().path, directory); below.next()) {
    if (below.entry().path == directory) continue;
    const auto change = changes_.find(below.entry().path);
    if (change == changes_.end() || change->second) return false;
  }
  return !put_below();
}

/// No tree above a change is known any more, and every directory above an entry is one.
void IndexPatch::touch_above() {
  Changes above;
  for (const auto& [path, entry] : changes_) {
    if (path.empty()) continue;
    for (std::string_view at = parent_path(path);; at = parent_path(at)) {
      const std::string directory(at);
      if (changes_.contains(directory) || above.contains(directory)) break;
      std::optional<IndexEntry> known = index_.find(directory);
      if (!known && !entry) break;
      if (!known || known->kind != EntryKind::directory) {
        known = IndexEntry{};
        known->path = directory;
        known->kind = EntryKind::directory;
        known->mode = 0755;
      }
      known->id = {};
      known->size = 0;
      known->attributes = {};
      above.emplace(directory, std::move(known));
      if (directory.empty()) break;
    }
  }
  changes_.merge(above);
}

void IndexPatch::commit() {
  if (changes_.empty()) return;
  touch_above();
  Index::Batch batch = index_.begin();
  for (const auto& [path, entry] : changes_) {
    if (entry) batch.put(*entry);
    else if (index_.find(path)) batch.remove(path);
  }
  batch.commit(workspace_.settings().core.fsync);
  changes_.clear();
}

}  // namespace store
