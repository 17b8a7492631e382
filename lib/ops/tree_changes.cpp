#include "ops/tree_changes.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/path.h"
#include "ops/recipe_diff.h"

namespace store {
namespace {

bool is_directory(const std::optional<TreeEntry>& entry) { return entry && entry->kind == EntryKind::directory; }

std::optional<ListedChange> listed(const ObjectReader& objects, TreeChange change) {
  ListedChange out{std::move(change.path), Change::modified, {}, std::move(change.before), std::move(change.after)};
  // A directory that became something else, or the reverse: what is in it follows, itself it is only the other side's change.
  if (change.kind == TreeChange::Kind::type_changed) {
    if (is_directory(out.before)) out.before.reset();
    if (is_directory(out.after)) out.after.reset();
  }
  if (!out.before) out.change = Change::added;
  else if (!out.after) out.change = Change::deleted;
  else if (change.kind == TreeChange::Kind::type_changed) out.change = Change::typechange;
  if (out.directory() && out.change != Change::modified && !TreeCursor(objects, (out.after ? out.after : out.before)->id).at_end())
    return {};
  return out;
}

class Lister {
 public:
  Lister(const Workspace& workspace, const std::optional<ObjectId>& before, const std::optional<ObjectId>& after,
         const PathspecSet& paths)
      : workspace_(workspace), before_(before), after_(after), paths_(paths) {}

  void each(const std::function<void(ListedChange)>& visit) const {
    const ObjectReader& objects = workspace_.objects();
    TreeDiff diff(objects, before_, after_,
                  {.enter = [this](const std::string& directory) {
                     return paths_.matches(directory, EntryKind::directory) || paths_.may_match_below(directory);
                   },
                   .changed_directories = false});
    while (std::optional<TreeChange> change = diff.next()) {
      workspace_.check_cancelled();
      if (!paths_.matches(change->path, (change->after ? change->after : change->before)->kind)) continue;
      std::optional<ListedChange> found = listed(objects, std::move(*change));
      if (found && !is_change_of_form(objects, *found)) visit(std::move(*found));
    }
  }

 private:
  const Workspace& workspace_;
  const std::optional<ObjectId>& before_;
  const std::optional<ObjectId>& after_;
  const PathspecSet& paths_;
};

/// Pairs deleted and added files of one content; the same name is preferred.
class Renames {
 public:
  explicit Renames(const ChangeSequence& changes) {
    changes([this](const ListedChange& change) { collect(change); });
    if (full_) return;
    for (auto& [content, candidates] : candidates_) pair(candidates);
    candidates_.clear();
  }

  /// What `path` was called before; nothing if it is no renamed path.
  const std::pair<std::string, TreeEntry>* source_of(const std::string& path) const {
    const auto found = sources_.find(path);
    return found == sources_.end() ? nullptr : &found->second;
  }
  bool is_source(const std::string& path) const { return targets_.contains(path); }

 private:
  struct Candidates {
    std::vector<std::pair<std::string, TreeEntry>> deleted;
    std::vector<std::string> added;
  };

  void collect(const ListedChange& change) {
    if (full_ || !change.renameable()) return;
    const TreeEntry& entry = change.entry();
    if (++count_ > k_max_rename_candidates) {
      full_ = true;
      candidates_.clear();
      return;
    }
    Candidates& same = candidates_[{entry.kind, entry.id}];
    if (change.after) same.added.push_back(change.path);
    else same.deleted.emplace_back(change.path, entry);
  }

  void pair(Candidates& candidates) {
    for (const std::string& path : candidates.added) {
      if (candidates.deleted.empty()) return;
      auto best = std::ranges::find_if(candidates.deleted, [&](const auto& deleted) {
        return base_name(deleted.first) == base_name(path);
      });
      if (best == candidates.deleted.end()) best = candidates.deleted.begin();
      targets_.emplace(best->first, path);
      sources_.emplace(path, std::move(*best));
      candidates.deleted.erase(best);
    }
  }

  std::map<std::pair<EntryKind, ObjectId>, Candidates> candidates_;
  std::unordered_map<std::string, std::pair<std::string, TreeEntry>> sources_;
  std::unordered_map<std::string, std::string> targets_;
  std::size_t count_ = 0;
  bool full_ = false;
};

}  // namespace

void with_renames(const ChangeSequence& changes, const std::function<void(const ListedChange&)>& visit) {
  const Renames renames(changes);
  changes([&](ListedChange change) {
    if (change.change == Change::deleted && renames.is_source(change.path)) return;
    if (change.change == Change::added) {
      if (const auto* source = renames.source_of(change.path)) {
        change.change = Change::renamed;
        change.from = source->first;
        change.before = source->second;
      }
    }
    visit(change);
  });
}

void list_changes(const Workspace& workspace, const std::optional<ObjectId>& before, const std::optional<ObjectId>& after,
                  const std::vector<Pathspec>& paths, const std::function<void(const ListedChange&)>& visit) {
  const PathspecSet pathspecs(paths);
  const Lister lister(workspace, before, after, pathspecs);
  const auto each = [&](const std::function<void(ListedChange)>& found) { lister.each(found); };
  // Nothing can have been renamed from or to the empty tree.
  if (before && after) with_renames(each, visit);
  else each(visit);
}

bool is_change_of_form(const ObjectReader& objects, const ListedChange& change) {
  return change.change == Change::modified && change.before && change.after && change.before->mode == change.after->mode &&
         same_chunks(objects, *change.before, *change.after);
}

std::uint64_t changed_bytes(const ObjectReader& objects, const ListedChange& change) {
  const TreeEntry* before = change.before ? &*change.before : nullptr;
  const TreeEntry* after = change.after ? &*change.after : nullptr;
  if (change.directory() || (before != nullptr && after != nullptr && before->kind == after->kind && before->id == after->id))
    return 0;
  const bool files = (before == nullptr || is_regular(before->kind)) && (after == nullptr || is_regular(after->kind));
  if (files && before != nullptr && after != nullptr) return changed_bytes(objects, before, after);
  return std::max(before != nullptr ? before->content_bytes() : 0, after != nullptr ? after->content_bytes() : 0);
}

}  // namespace store
