#include "ops/index_patch.h"

#include <vector>

#include "base/path.h"
#include "ops/content_match.h"
#include "worktree/directory_names.h"

namespace store {
namespace {

constexpr std::uint64_t k_removal = UINT64_MAX;  // the size of a directory: what it marks is to go

bool is_removal(const IndexEntry& entry) { return entry.kind == EntryKind::directory && entry.size == k_removal; }

/// Looks paths up that come in path order: mostly the next entry is asked for.
class Lookup {
 public:
  explicit Lookup(const Index& index) : index_(index), at_(index.seek("")) {}

  /// The entry of a path; null if there is none. Good until the next call.
  const IndexEntry* find(const std::string& path) {
    for (int steps = 0; !at_.at_end() && compare_paths(at_.entry().path, path) < 0; ++steps) {
      if (steps == k_steps) at_ = index_.seek(path);
      else at_.next();
    }
    return !at_.at_end() && at_.entry().path == path ? &at_.entry() : nullptr;
  }

 private:
  static constexpr int k_steps = 16;
  const Index& index_;
  Index::Cursor at_;
};

enum class Fate : std::uint8_t { touched, filled, emptied };

/// What becomes of the directories above the changes. Sees the changes in path order; the directories are in that order, too.
class Directories {
 public:
  Directories(const Index& index, const std::function<bool(const std::string&)>& stays)
      : index_(index), known_(index), stays_(stays) {}

  void add(const IndexEntry& change) {
    leave(&change.path);
    if (is_removal(change)) {
      const IndexEntry* known = known_.find(change.path);
      if (known == nullptr) return;
      enter_above(change.path);
      if (known->kind == EntryKind::directory) enter(change.path).named = true;
      else ++open_.back().removed;
      return;
    }
    enter_above(change.path);
    if (!open_.empty()) open_.back().filled = true;
    // One that is put stays what it is, whatever comes below it.
    if (change.kind == EntryKind::directory) open_.push_back({.path = change.path, .put = true});
  }
  void finish() { leave(nullptr); }

  std::size_t size() const { return fates_.size(); }
  std::string_view path(std::size_t at) const { return names_.at(at); }
  Fate fate(std::size_t at) const { return fates_[at]; }

 private:
  struct Open {
    std::string path;
    std::size_t slot = 0;
    std::uint64_t removed = 0;  // entries below
    bool filled = false;        // something is put below
    bool named = false;         // to be removed
    bool put = false;
  };

  Open& enter(const std::string& path) {
    names_.add(path);
    fates_.push_back(Fate::touched);
    open_.push_back({.path = path, .slot = fates_.size() - 1});
    return open_.back();
  }

  /// The root and each directory down to the path's that is not open yet.
  void enter_above(const std::string& path) {
    if (path.empty()) return;
    if (open_.empty()) enter("");
    for (std::size_t end = path.find('/', open_.back().path.empty() ? 0 : open_.back().path.size() + 1); end != std::string::npos;
         end = path.find('/', end + 1))
      enter(path.substr(0, end));
  }

  void leave(const std::string* next) {
    while (!open_.empty() && (next == nullptr || !is_within(*next, open_.back().path))) {
      const Open left = std::move(open_.back());
      open_.pop_back();
      if (!left.put) fates_[left.slot] = fate_of(left);
      if (open_.empty()) continue;
      open_.back().filled = open_.back().filled || left.filled || left.put;
      open_.back().removed += left.removed + (!left.put && fates_[left.slot] == Fate::emptied);
    }
  }

  Fate fate_of(const Open& directory) const {
    if (directory.filled) return Fate::filled;
    const bool may_go = directory.named || (stays_ && directory.removed != 0 && !stays_(directory.path));
    return may_go && !directory.path.empty() && !holds_more(directory) ? Fate::emptied : Fate::touched;
  }

  /// Everything that is removed is in the index, so it is enough to count.
  bool holds_more(const Open& directory) const {
    Index::Cursor below = index_.seek(directory.path);
    if (!below.at_end() && below.entry().path == directory.path) below.next();
    for (std::uint64_t seen = 0; !below.at_end() && is_within(below.entry().path, directory.path); below.next())
      if (++seen > directory.removed) return true;
    return false;
  }

  const Index& index_;
  Lookup known_;
  const std::function<bool(const std::string&)>& stays_;
  std::vector<Open> open_;  // outermost first
  NamePool names_;
  std::vector<Fate> fates_;
};

/// Writes the changes and what becomes of the directories above them, in path order.
class ChangeWriter {
 public:
  ChangeWriter(const Index& index, const Directories& directories, Index::Batch& batch)
      : index_(index), known_(index), directories_(directories), batch_(batch) {}

  void write(const IndexEntry& change) {
    write_directories(&change.path);
    if (is_removal(change)) {
      const bool decided = next_ != 0 && directories_.path(next_ - 1) == change.path;
      if (!decided && known_.find(change.path) != nullptr) batch_.remove(change.path);
      return;
    }
    batch_.put(change);
    if (change.kind != EntryKind::directory) remove_below(change.path);
  }
  void finish() { write_directories(nullptr); }

 private:
  /// Those up to a path, itself included.
  void write_directories(const std::string* until) {
    for (; next_ < directories_.size() && (until == nullptr || compare_paths(directories_.path(next_), *until) <= 0); ++next_)
      write_directory(std::string(directories_.path(next_)), directories_.fate(next_));
  }

  void write_directory(const std::string& path, Fate fate) {
    if (fate == Fate::emptied) return batch_.remove(path);
    std::optional<IndexEntry> known = index_.find(path);
    if (!known && fate != Fate::filled) return;
    if (!known || known->kind != EntryKind::directory) {
      known = IndexEntry{};
      known->path = path;
      known->kind = EntryKind::directory;
      known->mode = 0755;
    }
    known->id = {};
    known->size = 0;
    known->attributes = {};
    batch_.put(*known);
  }

  void remove_below(const std::string& path) {
    Index::Cursor below = index_.seek(path);
    if (below.at_end() || below.entry().path != path || below.entry().kind != EntryKind::directory) return;
    for (below.next(); !below.at_end() && is_within(below.entry().path, path); below.next()) batch_.remove(below.entry().path);
  }

  const Index& index_;
  Lookup known_;
  const Directories& directories_;
  Index::Batch& batch_;
  std::size_t next_ = 0;
};

}  // namespace

IndexPatch::IndexPatch(const Workspace& workspace, const Session& session, Index& index)
    : workspace_(workspace), index_(index), changes_(workspace.repository().fs(), session) {}

void IndexPatch::put(IndexEntry entry) { changes_.put(std::move(entry)); }

void IndexPatch::put(const std::string& path, const TreeEntry& entry) {
  IndexEntry staged = index_entry_of(path, entry);
  if (entry.kind == EntryKind::directory) {
    staged.id = {};  // what is below need not be the tree's
    staged.size = 0;
  } else {
    staged.chunks = chunk_count(workspace_.objects(), entry);
  }
  put(std::move(staged));
}

void IndexPatch::remove(const std::string& path) {
  IndexEntry removal;
  removal.path = path;
  removal.kind = EntryKind::directory;
  removal.size = k_removal;
  changes_.put(std::move(removal));
}

void IndexPatch::remove_emptied(std::function<bool(const std::string&)> stays) { stays_ = std::move(stays); }

void IndexPatch::commit() {
  if (changes_.empty()) return;
  Directories directories(index_, stays_);
  changes_.visit([&](const IndexEntry& change) { directories.add(change); });
  directories.finish();
  Index::Batch batch = index_.begin();
  ChangeWriter writer(index_, directories, batch);
  changes_.visit([&](const IndexEntry& change) { writer.write(change); });
  writer.finish();
  batch.commit(workspace_.settings().core.fsync);
}

}  // namespace store
