#include "ops/checkout_changes.h"

#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "base/path.h"
#include "ops/checkout_plan.h"

namespace store {
namespace {

constexpr std::size_t k_remembered_bytes = 8 << 20;

/// What the streams of remembered() share.
struct Remembered {
  std::vector<TreeChange> changes;
  std::size_t bytes = 0;
  bool complete = false;
};

std::size_t memory_of(const TreeChange& change) {
  const auto names = [](const std::optional<TreeEntry>& entry) { return entry ? entry->name.capacity() : 0; };
  return sizeof change + change.path.capacity() + names(change.before) + names(change.after);
}

/// A stream that fills it on the way.
class Remembering {
 public:
  Remembering(ChangeStream stream, std::shared_ptr<Remembered> memory) : stream_(std::move(stream)), memory_(std::move(memory)) {
    memory_->changes.clear();
    memory_->bytes = 0;
  }

  std::optional<TreeChange> next() {
    std::optional<TreeChange> change = stream_();
    if (!change) memory_->complete = memory_->bytes <= k_remembered_bytes;
    if (!change || memory_->bytes > k_remembered_bytes) return change;
    memory_->bytes += memory_of(*change);
    if (memory_->bytes <= k_remembered_bytes) memory_->changes.push_back(*change);
    else memory_->changes = {};
    return change;
  }

 private:
  ChangeStream stream_;
  std::shared_ptr<Remembered> memory_;
};

/// The stream of content_of(): holds back directories until something below them matches.
class MatchingContent {
 public:
  MatchingContent(const ObjectReader& objects, const ObjectId& tree, const PathspecSet& pathspecs)
      : pathspecs_(pathspecs),
        diff_(objects, std::nullopt, tree,
              {.enter = [this](const std::string& directory) {
                 return pathspecs_.matches(directory, EntryKind::directory) || pathspecs_.may_match_below(directory);
               },
               .changed_directories = true}) {}

  std::optional<TreeChange> next() {
    if (ready_.empty()) fill();
    if (ready_.empty()) return {};
    TreeChange change = std::move(ready_.front());
    ready_.pop_front();
    return change;
  }

 private:
  void fill() {
    while (std::optional<TreeChange> change = diff_.next()) {
      while (!on_the_way_.empty() && !is_within(change->path, on_the_way_.back().path)) on_the_way_.pop_back();
      const bool matches = pathspecs_.matches(change->path, change->after->kind);
      if (!matches && change->after->kind == EntryKind::directory) on_the_way_.push_back(std::move(*change));
      if (!matches) continue;
      for (TreeChange& directory : on_the_way_) ready_.push_back(std::move(directory));
      on_the_way_.clear();
      ready_.push_back(std::move(*change));
      return;
    }
  }

  PathspecSet pathspecs_;
  TreeDiff diff_;
  std::vector<TreeChange> on_the_way_;
  std::deque<TreeChange> ready_;
};

/// The stream of against_index().
class AgainstIndex {
 public:
  AgainstIndex(ChangeStream stream, const Index& index, const PathspecSet& pathspecs)
      : stream_(std::move(stream)), index_(index), pathspecs_(pathspecs) {}

  std::optional<TreeChange> next() {
    if (below_) {
      if (std::optional<TreeChange> deleted = next_deleted()) return deleted;
    }
    std::optional<TreeChange> change = stream_();
    if (!change) return {};
    const std::optional<IndexEntry> tracked = index_.find(change->path);
    if (!tracked) return change;
    change->before = tree_entry_of(*tracked);
    const bool was_directory = tracked->kind == EntryKind::directory;
    const bool is_directory = change->after->kind == EntryKind::directory;
    change->kind = type_name(tracked->kind) == type_name(change->after->kind) ? TreeChange::Kind::modified
                                                                              : TreeChange::Kind::type_changed;
    if (was_directory && is_directory && !pathspecs_.matches(change->path, EntryKind::directory)) change->after->mode = tracked->mode;
    if (was_directory && !is_directory) {
      replaced_ = change->path;
      below_.emplace(index_.seek(replaced_));
    }
    return change;
  }

 private:
  std::optional<TreeChange> next_deleted() {
    if (!below_->at_end() && below_->entry().path == replaced_) below_->next();
    if (below_->at_end() || !is_within(below_->entry().path, replaced_)) {
      below_.reset();
      return {};
    }
    TreeChange change;
    change.kind = TreeChange::Kind::deleted;
    change.path = below_->entry().path;
    change.before = tree_entry_of(below_->entry());
    below_->next();
    return change;
  }

  ChangeStream stream_;
  const Index& index_;
  PathspecSet pathspecs_;
  std::optional<Index::Cursor> below_;
  std::string replaced_;
};

/// The stream of merged().
class Merged {
 public:
  Merged(ChangeStream first, ChangeStream second) : first_(std::move(first)), second_(std::move(second)) {
    next_first_ = first_();
    next_second_ = second_();
  }

  std::optional<TreeChange> next() {
    while (next_first_ && next_second_) {
      const auto order = compare_paths(next_first_->path, next_second_->path);
      if (order < 0) return take(next_first_, first_);
      if (order > 0) return take(next_second_, second_);
      next_second_ = second_();
    }
    return next_first_ ? take(next_first_, first_) : take(next_second_, second_);
  }

 private:
  static std::optional<TreeChange> take(std::optional<TreeChange>& next, const ChangeStream& stream) {
    std::optional<TreeChange> taken = std::move(next);
    next = taken ? stream() : std::nullopt;
    return taken;
  }

  ChangeStream first_;
  ChangeStream second_;
  std::optional<TreeChange> next_first_;
  std::optional<TreeChange> next_second_;
};

/// Directories that a removal concerns.
struct RemovalDirectories {
  std::set<std::string> emptied;  // everything in them goes, and so do they
  std::set<std::string> kept;     // something in them goes
};
RemovalDirectories directories_of_removal(const Index& index, const PathspecSet& pathspecs) {
  struct Open {
    std::string path;
    bool removes = false;
    bool keeps = false;
    bool empty = true;
  };
  RemovalDirectories directories;
  std::vector<Open> open;
  const auto leave = [&] {
    const Open left = std::move(open.back());
    open.pop_back();
    const bool goes = !left.keeps && (left.removes || left.empty) && (left.removes || pathspecs.matches(left.path, EntryKind::directory));
    if (goes) directories.emptied.insert(left.path);
    else if (left.removes) directories.kept.insert(left.path);
    if (open.empty()) return;
    open.back().empty = false;
    open.back().removes = open.back().removes || goes || left.removes;
    open.back().keeps = open.back().keeps || !goes;
  };
  for (Index::Cursor cursor = index.seek(""); !cursor.at_end(); cursor.next()) {
    const IndexEntry& entry = cursor.entry();
    if (entry.path.empty()) continue;
    while (!open.empty() && !is_within(entry.path, open.back().path)) leave();
    if (entry.kind == EntryKind::directory) {
      open.push_back({entry.path});
      continue;
    }
    if (open.empty()) continue;
    open.back().empty = false;
    (pathspecs.matches(entry.path, entry.kind) ? open.back().removes : open.back().keeps) = true;
  }
  while (!open.empty()) leave();
  return directories;
}

}  // namespace

ChangeSource changes_between(const ObjectReader& objects, const std::optional<ObjectId>& before,
                             const ObjectId& after) {
  return [&objects, before, after] {
    const auto diff = std::make_shared<TreeDiff>(objects, before, after,
                                                 TreeDiffOptions{.enter = {}, .changed_directories = true});
    return ChangeStream([diff] { return diff->next(); });
  };
}

ChangeSource remembered(ChangeSource source) {
  return [source = std::move(source), memory = std::make_shared<Remembered>()]() -> ChangeStream {
    if (!memory->complete) {
      const auto stream = std::make_shared<Remembering>(source(), memory);
      return [stream] { return stream->next(); };
    }
    return [memory, at = std::size_t{0}]() mutable -> std::optional<TreeChange> {
      if (at == memory->changes.size()) return {};
      return memory->changes[at++];
    };
  };
}

ChangeSource content_of(const ObjectReader& objects, const ObjectId& tree, const PathspecSet& pathspecs) {
  return [&objects, tree, pathspecs] {
    const auto content = std::make_shared<MatchingContent>(objects, tree, pathspecs);
    return ChangeStream([content] { return content->next(); });
  };
}

ChangeSource removal_of(const Index& index, const PathspecSet& pathspecs) {
  const auto directories = std::make_shared<const RemovalDirectories>(directories_of_removal(index, pathspecs));
  return [&index, pathspecs, directories] {
    const auto cursor = std::make_shared<Index::Cursor>(index.seek(""));
    return ChangeStream([cursor, pathspecs, directories]() -> std::optional<TreeChange> {
      for (; !cursor->at_end(); cursor->next()) {
        const IndexEntry& entry = cursor->entry();
        if (entry.path.empty()) continue;
        const bool directory = entry.kind == EntryKind::directory;
        const bool kept = directory && directories->kept.contains(entry.path);
        if (!kept && (directory ? !directories->emptied.contains(entry.path) : !pathspecs.matches(entry.path, entry.kind)))
          continue;
        TreeChange change{TreeChange::Kind::deleted, entry.path, tree_entry_of(entry), {}};
        if (kept) {
          change.kind = TreeChange::Kind::modified;
          change.after = change.before;
        }
        cursor->next();
        return change;
      }
      return {};
    });
  };
}

ChangeSource single_entry(const TreeEntry& entry, const std::string& path) {
  return [entry, path] {
    const auto left = std::make_shared<bool>(true);
    return ChangeStream([left, entry, path]() -> std::optional<TreeChange> {
      if (!std::exchange(*left, false)) return {};
      return TreeChange{TreeChange::Kind::added, path, {}, entry};
    });
  };
}

ChangeSource merged(ChangeSource first, ChangeSource second) {
  return [first = std::move(first), second = std::move(second)] {
    const auto stream = std::make_shared<Merged>(first(), second());
    return ChangeStream([stream] { return stream->next(); });
  };
}

ChangeSource without_kept(ChangeSource removals, const ObjectReader& objects, const ObjectId& tree) {
  return [removals = std::move(removals), &objects, tree] {
    return ChangeStream([&objects, tree, stream = removals()] {
      std::optional<TreeChange> change = stream();
      while (change && (change->after || entry_at(objects, tree, change->path))) change = stream();
      return change;
    });
  };
}

ChangeSource against_index(ChangeSource source, const Index& index, const PathspecSet& pathspecs) {
  return [source = std::move(source), &index, pathspecs] {
    const auto stream = std::make_shared<AgainstIndex>(source(), index, pathspecs);
    return ChangeStream([stream] { return stream->next(); });
  };
}

}  // namespace store
