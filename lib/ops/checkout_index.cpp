#include "ops/checkout_index.h"

#include "base/error.h"
#include "base/path.h"
#include "ops/content_match.h"

namespace store {
namespace {

bool is_directory(const std::optional<TreeEntry>& entry) { return entry && entry->kind == EntryKind::directory; }

bool same_content(const IndexEntry& a, const TreeEntry& b) {
  return a.kind == b.kind && a.mode == b.mode && a.id == b.id && a.size == b.size;
}

class Update {
 public:
  Update(const Workspace& workspace, const Index& index, const CheckoutPlan& plan, const IndexUpdateRules& rules)
      : workspace_(workspace), index_(index), plan_(plan), rules_(rules) {}

  /// First pass, for a checkout of paths: which directories change.
  void note(const TreeChange& change, std::size_t i) {
    const std::optional<IndexEntry> tracked = index_.find(change.path);
    const bool directory = is_directory(change.after) && tracked && tracked->kind == EntryKind::directory;
    const bool changes = is_wanted(plan_.steps[i]) || plan_.steps[i] == Step::not_restored
                             ? !tracked || (directory ? tracked->mode != change.after->mode
                                                      : !same_content(*tracked, *change.after))
                             : tracked && !change.after;
    if (!changes) return;
    for (std::string_view above = parent_path(change.path);; above = parent_path(above)) {
      if (!dirty_.insert(std::string(above)).second || above.empty()) return;
    }
  }

  void put_root(Index::Batch& batch) {
    std::optional<IndexEntry> tracked = index_.find("");
    if (rules_.paths_only ? tracked && !dirty_.contains("") : plan_.steps.empty() && tracked) return;
    IndexEntry root = tracked.value_or(IndexEntry{});
    root.kind = EntryKind::directory;
    root.mode = 0755;
    const bool known = !rules_.paths_only && (!tracked || knows_tree(*tracked, rules_.before, rules_.after));
    root.id = known ? rules_.after : ObjectId{};
    root.size = known ? TreeCursor(workspace_.objects(), rules_.after).bytes() : 0;
    root.attributes = {};
    batch.put(root);
  }

  void put(const TreeChange& change, std::size_t i, Index::Batch& batch) {
    const std::optional<IndexEntry> tracked = index_.find(change.path);
    const Step step = plan_.steps[i];
    if (!change.after) {
      if (tracked) put_deleted(change, *tracked, batch);
    } else if (is_directory(change.after)) {
      put_directory(change, tracked, step, batch);
    } else if (is_wanted(step) || step == Step::not_restored) {
      put_file(change, tracked, i, batch);
    }
  }

 private:
  /// Also right when the update is run again after a kill: then the tree is the target's already.
  static bool knows_tree(const IndexEntry& tracked, const std::optional<ObjectId>& before, const ObjectId& after) {
    return (before && tracked.id == *before) || tracked.id == after;
  }

  void put_deleted(const TreeChange& change, const IndexEntry& tracked, Index::Batch& batch) const {
    if (!plan_.kept_directories.contains(change.path)) return batch.remove(change.path);
    IndexEntry kept = tracked;
    kept.id = {};
    kept.size = 0;
    kept.attributes = {};
    batch.put(kept);
  }

  void put_directory(const TreeChange& change, const std::optional<IndexEntry>& tracked, Step step,
                     Index::Batch& batch) const {
    const bool was_directory = tracked && tracked->kind == EntryKind::directory;
    IndexEntry entry;
    entry.path = change.path;
    entry.kind = EntryKind::directory;
    entry.mode = step == Step::leave && was_directory ? tracked->mode : change.after->mode;
    if (rules_.paths_only) {
      if (was_directory && tracked->mode == entry.mode && !dirty_.contains(change.path)) return;
      const bool unchanged_below = was_directory && !dirty_.contains(change.path);
      if (unchanged_below) {
        entry.id = tracked->id;
        entry.size = tracked->size;
      }
    } else {
      const std::optional<ObjectId> before =
          is_directory(change.before) ? std::optional(change.before->id) : std::nullopt;
      if (!was_directory || knows_tree(*tracked, before, change.after->id)) {
        entry.id = change.after->id;
        entry.size = change.after->size;
      }
    }
    batch.put(entry);
  }

  void put_file(const TreeChange& change, const std::optional<IndexEntry>& tracked, std::size_t i,
                Index::Batch& batch) const {
    IndexEntry entry;
    entry.path = change.path;
    entry.kind = change.after->kind;
    entry.mode = change.after->mode;
    entry.size = change.after->size;
    entry.id = change.after->id;
    entry.stat = plan_.stats[i];
    entry.racy = is_racy(entry.stat, rules_.started_ns);
    entry.streamed = plan_.steps[i] == Step::not_restored;
    if (tracked && is_regular(entry.kind)) entry.size_class = tracked->size_class;
    const bool same = tracked && same_content(*tracked, *change.after) && tracked->stat == entry.stat &&
                      tracked->streamed == entry.streamed;
    if (same) return;
    entry.chunks = chunk_count(workspace_.objects(), *change.after);
    batch.put(entry);
  }

  const Workspace& workspace_;
  const Index& index_;
  const CheckoutPlan& plan_;
  const IndexUpdateRules& rules_;
  std::set<std::string> dirty_;
};

}  // namespace

void update_index(const Workspace& workspace, Index& index, const ChangeSource& source, const CheckoutPlan& plan,
                  const IndexUpdateRules& rules) {
  Update update(workspace, index, plan, rules);
  const auto for_each = [&](auto visit) {
    const ChangeStream changes = source();
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      const std::optional<TreeChange> change = changes();
      if (!change) throw Error(ErrorKind::bug, "checkout: the changes differ from the plan");
      visit(*change, i);
    }
  };
  if (rules.paths_only) for_each([&](const TreeChange& change, std::size_t i) { update.note(change, i); });
  Index::Batch batch = index.begin();
  update.put_root(batch);
  for_each([&](const TreeChange& change, std::size_t i) { update.put(change, i, batch); });
  batch.commit(workspace.settings().core.fsync);
}

}  // namespace store
