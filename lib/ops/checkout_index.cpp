#include "ops/checkout_index.h"

#include "base/error.h"
#include "base/path.h"
#include "ops/content_match.h"
#include "worktree/capture.h"

namespace store {
namespace {

bool is_directory(const std::optional<TreeEntry>& entry) { return entry && entry->kind == EntryKind::directory; }

bool same_content(const IndexEntry& a, const TreeEntry& b) {
  return a.kind == b.kind && a.mode == b.mode && a.id == b.id && a.size == b.size;
}

class Update {
 public:
  Update(const Workspace& workspace, const Index& index, const CheckoutPlan& plan, const IndexUpdateRules& rules)
      : workspace_(workspace), index_(index), plan_(plan), rules_(rules) {
    if (rules.attributes != nullptr) attributes_of_ = rules.attributes->lookup();
  }

  /// First pass, for a checkout of paths: which directories change.
  void note(const TreeChange& change, std::size_t i) {
    const std::optional<IndexEntry> tracked = index_.find(change.path);
    const bool directory = is_directory(change.after) && tracked && tracked->kind == EntryKind::directory;
    const bool changes = is_wanted(plan_.steps[i]) || plan_.steps[i] == Step::not_restored || plan_.steps[i] == Step::stage_only
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
    if (concerns_attributes_only(change) && (!tracked || tracked->kind != change.after->kind)) return;  // not of what is staged
    if (!change.after) {
      if (tracked) put_deleted(change, *tracked, batch);
    } else if (is_directory(change.after)) {
      put_directory(change, tracked, step, batch);
    } else if (is_wanted(step) || step == Step::not_restored || step == Step::stage_only) {
      put_file(change, tracked, i, batch);
    } else if (concerns_attributes_only(change) && tracked && same_content(*tracked, *change.after)) {
      put_attributes(change, *tracked, batch);
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
    if (was_directory) {
      entry.stat = tracked->stat;
      entry.metadata = tracked->metadata;
      entry.racy = true;
    }
    const bool restored = is_wanted(step) &&
                          (step != Step::keep || !rules_.restores_directory || rules_.restores_directory(change.path));
    entry.mode = step == Step::leave && was_directory ? tracked->mode : change.after->mode;
    if (restored) take_attributes(change, Look::yes, entry);
    if (rules_.paths_only) {
      const bool as_before = was_directory && tracked->mode == entry.mode && tracked->metadata == entry.metadata;
      if (as_before && !dirty_.contains(change.path)) return;
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

  /// The recorded attributes, and the stat: links made later have changed it.
  enum class Look { no, if_needed, yes };
  void take_attributes(const TreeChange& change, Look look, IndexEntry& entry) const {
    const std::optional<Attributes> recorded = attributes_of_ ? attributes_of_(change.path) : std::nullopt;
    if (!recorded) return note_mode(entry);
    std::optional<ScanEntry> found;
    if (look == Look::yes || (look == Look::if_needed && rules_.attributes->must_look()))
      found = scan_one(workspace_.worktree_fd(), change.path);
    if (found && found->kind == EntryKind::directory) {
      entry.stat = found->stat;
      entry.racy = is_racy(entry.stat, rules_.started_ns);
    } else if (found && found->stat.inode == entry.stat.inode && found->stat.size == entry.stat.size &&
               found->stat.mtime_ns == entry.stat.mtime_ns) {
      entry.stat.ctime_ns = found->stat.ctime_ns;
    }
    const bool looked = found && (look != Look::yes || rules_.attributes->must_look());
    entry.metadata = rules_.attributes->metadata_of(*change.after, *recorded, looked ? found : std::nullopt, change.path,
                                                    workspace_.worktree_fd());
  }

  /// Of a file that is modified or gone: what is staged of it is the target's, with its attributes.
  void put_attributes(const TreeChange& change, const IndexEntry& tracked, Index::Batch& batch) const {
    const std::optional<Attributes> recorded = attributes_of_ ? attributes_of_(change.path) : std::nullopt;
    if (!recorded) return;
    IndexMetadata metadata = decode_index_metadata(
        rules_.attributes->metadata_of(*change.after, *recorded, std::nullopt, change.path, workspace_.worktree_fd()));
    const IndexMetadata before = decode_index_metadata(tracked.metadata);
    metadata.unapplied = before.unapplied;
    metadata.linked = metadata.linked || before.linked;
    IndexEntry entry = tracked;
    entry.metadata = encode_index_metadata(metadata);
    if (entry.metadata != tracked.metadata) batch.put(entry);
  }

  /// Without attributes only a mode can be what could not be applied.
  void note_mode(IndexEntry& entry) const {
    if (rules_.keeps_modes) return;
    const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), entry.path);
    if (!found || entry.kind == EntryKind::symlink || found->mode == entry.mode) return;
    IndexMetadata metadata = decode_index_metadata(entry.metadata);
    metadata.unapplied = {.mode = true, .uid = found->uid, .gid = found->gid, .mode_found = found->mode};
    entry.metadata = encode_index_metadata(metadata);
  }

  /// What nobody can open again is not written to again unnoticed either: its stat is all there is to go by.
  bool can_be_opened(const IndexEntry& entry) const {
    constexpr std::uint16_t k_owner_reads = 0400;
    return workspace_.env().root || !is_regular(entry.kind) || (entry.mode & k_owner_reads) != 0;
  }

  /// The first of several links says nothing of the others: whether it has any was not looked at.
  static void keep_linked(IndexEntry& entry) {
    if (entry.metadata.empty()) return;
    IndexMetadata metadata = decode_index_metadata(entry.metadata);
    metadata.linked = true;
    entry.metadata = encode_index_metadata(metadata);
  }

  void put_file(const TreeChange& change, const std::optional<IndexEntry>& tracked, std::size_t i,
                Index::Batch& batch) const {
    IndexEntry entry = index_entry_of(change.path, *change.after);
    entry.stat = plan_.stats[i];
    entry.streamed = plan_.steps[i] == Step::not_restored;
    if (tracked && same_content(*tracked, *change.after)) entry.metadata = stale_metadata(tracked->metadata);
    take_attributes(change, entry.streamed ? Look::no : Look::if_needed, entry);
    if (tracked && is_linked(tracked->metadata)) keep_linked(entry);
    entry.racy = is_racy(entry.stat, rules_.started_ns) && can_be_opened(entry);
    if (tracked && is_regular(entry.kind)) entry.size_class = tracked->size_class;
    const bool same = tracked && same_content(*tracked, *change.after) && tracked->stat == entry.stat &&
                      tracked->streamed == entry.streamed && tracked->metadata == entry.metadata;
    if (same) return;
    entry.chunks = chunk_count(workspace_.objects(), *change.after);
    batch.put(entry);
  }

  const Workspace& workspace_;
  const Index& index_;
  const CheckoutPlan& plan_;
  const IndexUpdateRules& rules_;
  CheckoutAttributes::Lookup attributes_of_;
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
