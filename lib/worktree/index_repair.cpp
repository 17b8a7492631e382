#include "worktree/index_repair.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "worktree/index_files.h"

namespace store {
namespace {

MappedFile map_file(int repository_fd, const char* name) {
  const std::optional<UniqueFd> fd = open_if_exists(repository_fd, name);
  if (!fd) return {};
  return {fd->get(), static_cast<std::size_t>(stat_fd(fd->get(), name).st_size), name};
}

using Changes = std::vector<IndexSnapshot::Change>;

/// In path order, the last of each path.
void put_in_order(Changes& changes) {
  const auto before = [](const auto& a, const auto& b) { return compare_paths(a.first, b.first) < 0; };
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  std::stable_sort(changes.begin(), changes.end(), before);
  const auto kept = std::unique(changes.rbegin(), changes.rend(), same);
  changes.erase(changes.begin(), kept.base());
}

/// What a base and the whole batches of a log say.
struct Remains {
  MappedFile base_file;
  MappedFile log_file;
  std::optional<IndexBaseView> base;  // if it is whole
  Changes all;
  Changes later;  // than the origin

  std::optional<IndexEntry> find(const std::string& path) const {
    const auto below = [](const auto& change, const std::string& wanted) { return compare_paths(change.first, wanted) < 0; };
    const auto change = std::lower_bound(all.begin(), all.end(), path, below);
    if (change != all.end() && change->first == path) return decode_index_record(change->second);
    if (!base) return std::nullopt;
    const IndexBaseView::Cursor at = base->seek(path);
    return !at.at_end() && at.entry().path == path ? std::optional(at.entry()) : std::nullopt;
  }
};

void visit_base(const IndexBaseView& base, const std::function<void(IndexEntry)>& put) {
  for (IndexBaseView::Cursor at = base.seek(""); !at.at_end(); at.next()) put(at.entry());
}

std::optional<IndexBaseView> whole_base(ByteView file) {
  try {
    IndexBaseView base(file);
    visit_base(base, [](const IndexEntry&) {});
    return base;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return std::nullopt;
  }
}

/// True if the root comes first with this tree: the index was it.
bool is_at_tree(const IndexBatch& batch, const ObjectId& tree) {
  return !batch.records.empty() && batch.records.front().first.empty() &&
         decode_index_record(batch.records.front().second).id == tree;
}

void read_whole_batches(Remains& remains, const ObjectId& origin) {
  const ByteView log = remains.log_file.view();
  const std::optional<IndexEntry> root = remains.base ? remains.find("") : std::nullopt;
  bool found = root && root->id == origin;  // from where on `later` is later
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t skipped = find_index_batch(log.subspan(at));
    at += skipped;
    if (skipped != 0 && !found) remains.later.clear();
    if (at == log.size()) break;
    const IndexBatch batch = *read_index_batch(log.subspan(at));
    at += batch.size;
    remains.all.insert(remains.all.end(), batch.records.begin(), batch.records.end());
    if (is_at_tree(batch, origin)) {
      found = true;
      remains.later.clear();
    } else {
      remains.later.insert(remains.later.end(), batch.records.begin(), batch.records.end());
    }
  }
  put_in_order(remains.all);
  put_in_order(remains.later);
}

Remains read_remains(int repository_fd, const ObjectId& origin) {
  Remains remains;
  remains.base_file = map_file(repository_fd, k_index_base);
  remains.log_file = map_file(repository_fd, k_index_log);
  remains.base = whole_base(remains.base_file.view());
  read_whole_batches(remains, origin);
  return remains;
}

/// Takes entries in path order and writes them as a base that is in order whatever was lost.
class BaseWriter {
 public:
  explicit BaseWriter(IndexBaseFile& file) : file_(file) {}

  void add(IndexEntry entry) {
    if (!last_file_.empty() && is_within(entry.path, last_file_)) return;
    if (!entry.path.empty()) make_directories(std::string(parent_path(entry.path)));
    if (entry.kind == EntryKind::directory) {
      entry.id = entry.attributes = {};
      entry.size = 0;
      last_directory_ = entry.path;
      any_ = true;
    } else {
      last_file_ = entry.path;
    }
    file_.add(entry);
  }

 private:
  /// A directory comes right before what is in it: what the last one is not within is new.
  void make_directories(const std::string& path) {
    if (any_ && is_within(last_directory_, path)) return;
    if (!path.empty()) make_directories(std::string(parent_path(path)));
    IndexEntry directory;
    directory.path = path;
    directory.kind = EntryKind::directory;
    directory.mode = 0755;
    file_.add(directory);
    last_directory_ = path;
    any_ = true;
  }

  IndexBaseFile& file_;
  std::string last_file_;
  std::string last_directory_;
  bool any_ = false;  // a directory, at least the root
};

/// Entries of a base with changes on top, which come in path order, too.
class Overlay {
 public:
  Overlay(const Changes& changes, BaseWriter& out) : changes_(changes), out_(out) {}

  void put(IndexEntry entry) {
    while (next_ < changes_.size() && compare_paths(changes_[next_].first, entry.path) < 0) apply();
    if (next_ < changes_.size() && changes_[next_].first == entry.path) apply();
    else out_.add(std::move(entry));
  }
  void finish() {
    while (next_ < changes_.size()) apply();
  }

 private:
  void apply() {
    IndexEntry entry = decode_index_record(changes_[next_++].second);
    if (!entry.removed) out_.add(std::move(entry));
  }
  const Changes& changes_;
  BaseWriter& out_;
  std::size_t next_ = 0;
};

/// What is known of a path that is as it was: its stat, and what a tree does not hold.
IndexEntry with_what_is_known(IndexEntry entry, const Remains& remains) {
  std::optional<IndexEntry> known = remains.find(entry.path);
  if (!known || known->removed || known->kind != entry.kind || known->mode != entry.mode) return entry;
  const bool same = entry.kind == EntryKind::directory || (known->id == entry.id && known->size == entry.size);
  return same ? std::move(*known) : entry;
}

}  // namespace

IndexDamage examine_index(int repository_fd) {
  if (!whole_base(map_file(repository_fd, k_index_base).view())) return IndexDamage::base;
  try {
    const std::shared_ptr<const IndexSnapshot> snapshot = IndexSnapshot::load(repository_fd);
    for (const auto& [path, record] : snapshot->changes()) decode_index_record(record);
    return snapshot->torn_bytes() != 0 ? IndexDamage::log : IndexDamage::none;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return IndexDamage::log;
  }
}

void rebuild_index(FileSystem& fs, int repository_fd, const std::optional<IndexOrigin>& origin) {
  const Remains remains = read_remains(repository_fd, origin ? origin->tree : ObjectId());
  IndexBaseFile file(fs, repository_fd);
  BaseWriter out(file);
  Overlay overlay(origin ? remains.later : remains.all, out);
  if (origin)
    origin->entries([&](IndexEntry entry) { overlay.put(with_what_is_known(std::move(entry), remains)); });
  else if (remains.base)
    visit_base(*remains.base, [&](IndexEntry entry) { overlay.put(std::move(entry)); });
  overlay.finish();
  file.publish();
  replace_index_log(fs, repository_fd, {});
}

}  // namespace store
