#include "ops/merge.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/checkout_attributes.h"
#include "ops/checkout_forms.h"
#include "ops/commit_parts.h"
#include "ops/content_match.h"
#include "ops/index_attributes.h"
#include "ops/index_tree.h"
#include "ops/merge_base.h"
#include "ops/merge_state.h"
#include "ops/merge_tree.h"
#include "ops/metadata.h"
#include "ops/permissions.h"
#include "ops/staged_changes.h"
#include "ops/staging.h"
#include "ops/undo.h"

namespace store {
namespace {

constexpr std::string_view k_heads = "refs/heads/";
constexpr std::string_view k_tags = "refs/tags/";

/// "dev" of a branch, else ten digits.
std::string label_of(const std::string& branch, const ObjectId& commit) {
  return branch.starts_with(k_heads) ? branch.substr(k_heads.size()) : commit.short_hex();
}

std::string prepared_message(const Workspace& workspace, const MergeOptions& options) {
  if (!options.message.empty()) return options.message;
  if (options.revision.branch.starts_with(k_heads))
    return fmt::format("Merge branch '{}'", options.revision.branch.substr(k_heads.size()));
  const std::string tag = options.name.starts_with(k_tags) ? options.name.substr(k_tags.size()) : options.name;
  const std::optional<RefValue> value =
      is_valid_ref_name(tag) ? workspace.refs().read(std::string(k_tags) + tag) : std::nullopt;
  if (value && value->id == options.revision.commit) return fmt::format("Merge tag '{}'", tag);
  return fmt::format("Merge commit '{}'", options.name);
}

/// A tracked file that is not as it is staged; only one whose stat tells nothing is read.
bool is_modified(const Workspace& workspace, const Index& index, const std::string& path) {
  const std::optional<IndexEntry> tracked = index.find(path);
  if (!tracked || tracked->kind == EntryKind::directory) return false;
  const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
  if (!found) return !tracked->streamed;
  if (!same_type(found->kind, tracked->kind)) return true;
  if (mode_of(*found, &*tracked, workspace.settings().core.permissions) != tracked->mode) return true;
  if (found->stat == tracked->stat && !tracked->racy) return false;
  return !content_matches(workspace, workspace.worktree_fd(), *found, tree_entry_of(*tracked));
}

using AttributesOf = std::function<std::optional<Attributes>(const std::string& path)>;

/// Theirs, for each conflict that has it beside the path, with what `attributes_of` says of the path.
std::vector<IndexEntry> entries_beside(const Workspace& workspace, const ObjectId& their_tree,
                                       const std::vector<ConflictRecord>& conflicts, const AttributesOf& attributes_of = {}) {
  std::vector<IndexEntry> entries;
  for (const ConflictRecord& conflict : conflicts) {
    if (conflict.beside.empty() || conflict.conflict == MergeConflict::file_directory) continue;
    const std::optional<TreeEntry> theirs = entry_at(workspace.objects(), their_tree, conflict.path);
    if (!theirs) continue;
    entries.push_back(index_entry_of(conflict.beside, *theirs));
    std::optional<Attributes> attributes = attributes_of ? attributes_of(conflict.path) : std::nullopt;
    if (!attributes) continue;
    attributes->link.reset();
    IndexMetadata metadata;
    metadata.captured = metadata_selection(workspace.settings());
    metadata.attributes = std::move(*attributes);
    entries.back().metadata = encode_index_metadata(metadata);
  }
  return entries;
}

void refuse_staged(const Workspace& workspace, const Index& index, const std::optional<ObjectId>& tree) {
  std::vector<std::string> staged;
  for_each_staged_change(workspace.objects(), tree, index,
                         [&](const ListedChange& change) { staged.push_back(change.path); });
  if (staged.empty()) return;
  const std::string more = staged.size() == 1 ? "is staged" : fmt::format("and {} more are staged", staged.size() - 1);
  throw Error(ErrorKind::conflict, fmt::format("{}: {}: a merge needs an index like HEAD", escape_name(staged.front()), more),
              "store commit them, or store restore --staged PATH…")
      .with_paths(std::move(staged));
}

class Merging {
 public:
  Merging(Workspace& workspace, const MergeOptions& options) : workspace_(workspace), options_(options) {}

  MergeResult run() {
    const RefStore::Head head = workspace_.refs().head();
    const ObjectId& theirs = options_.revision.commit;
    head_ = head;
    if (head.commit) find_base(*head.commit);
    if (head.commit && base_ == theirs) {
      result_.up_to_date = true;
      result_.id = head.commit;
      result_.files.head = head.commit;
      result_.files.branch = head.branch.starts_with(k_heads) ? head.branch.substr(k_heads.size()) : head.branch;
      clean_up(head);
      return std::move(result_);
    }
    result_.fast_forward = !head.commit || (base_ == head.commit && !options_.no_ff);
    result_.files = land(workspace_, theirs,
                         {.prepare = [this](Session& session, const Index& index,
                                            const RefStore::Head& at) { return prepare(session, index, at); },
                          // Whoever gives up a merge that was killed from here on finds out by it what there was to be.
                          .begin = [this] { if (head_.commit) write_merge_record(workspace_, record_); },
                          .finish = [this](Session& session, Index& index) { return finish(session, index); }});
    workspace_.objects().maintain_tables();
    return std::move(result_);
  }

 private:
  /// A run that was killed after its last step has left its session.
  void clean_up(const RefStore::Head& head) {
    if (workspace_.repository().writable() && !interrupted_sessions(workspace_.repository()).empty())
      checkout(workspace_, {.revision = {.commit = *head.commit, .branch = head.branch}});
  }

  void find_base(const ObjectId& ours) {
    const std::vector<ObjectId> bases = merge_bases(workspace_, ours, options_.revision.commit);
    if (!bases.empty()) base_ = bases.front();
    if (base_ || options_.unrelated) return;
    throw Error(ErrorKind::conflict, fmt::format("{}: has no commit in common with HEAD", escape_name(options_.name)),
                "store merge --allow-unrelated-histories " + escape_name(options_.name));
  }

  Landing::Target prepare(Session& session, const Index& index, const RefStore::Head& head) {
    if (head.commit != head_.commit || head.branch != head_.branch)
      throw Error(ErrorKind::conflict, "HEAD: has moved meanwhile", "run the command again");
    refuse_while_merging(workspace_);
    const ObjectReader& objects = workspace_.objects();
    Landing::Target target{.tree = {}, .source = read_commit(objects, options_.revision.commit),
                           .beside = {empty_tree_id(), {}}, .in_the_way = {}};
    std::optional<Commit> ours;
    if (head.commit) ours = read_commit(objects, *head.commit);
    target.tree = target.source.tree;
    if (ours)
      record_ = {.ours = *head.commit, .theirs = options_.revision.commit,
                 .label = label_of(options_.revision.branch, options_.revision.commit), .message = {}, .conflicts = {}};
    if (!result_.fast_forward) merge_three(session, index, *ours, target);
    if (is_staged(target.tree, index)) refuse_staged(workspace_, index, ours ? std::optional(ours->tree) : std::nullopt);
    if (ours) result_.changes = summarize(workspace_, ours->tree, target.tree, 0);
    return target;
  }

  /// Whether the index differs from what it is to become: a run that was killed may have brought it there.
  bool is_staged(const ObjectId& tree, const Index& index) const {
    bool any = false;
    for_each_staged_change(workspace_.objects(), tree, index, [&](const ListedChange&) { any = true; });
    return any;
  }

  void merge_three(Session& session, const Index& index, const Commit& ours, Landing::Target& target) {
    const ObjectReader& objects = workspace_.objects();
    MergeInputs inputs{.base = {}, .ours = ours.tree, .theirs = target.source.tree,
                       .our_label = label_of(head_.branch, *head_.commit),
                       .their_label = label_of(options_.revision.branch, options_.revision.commit)};
    if (base_) inputs.base = read_commit(objects, *base_).tree;
    // A file with the bytes that are to be there was left by a run that was killed, or is as good.
    inputs.is_free = [&](const std::string& path, const TreeEntry& entry) {
      const std::optional<ScanEntry> found = scan_one(workspace_.worktree_fd(), path);
      return !found || content_matches(workspace_, workspace_.worktree_fd(), *found, entry);
    };
    inputs.on_step = [this] { workspace_.check_cancelled(); };
    Publisher publisher(workspace_.repository(), workspace_.objects(), session, workspace_.lock_wait(),
                        workspace_.settings().core.fsync);
    ObjectWriter writer(workspace_.objects(), publisher, compression_options(workspace_.settings()));
    TreeMerge merged = merge_trees(objects, &writer, inputs);
    writer.flush();
    publisher.finish(std::nullopt);
    target.tree = merged.tree;
    for (const ConflictRecord& conflict : merged.conflicts)
      if (is_modified(workspace_, index, conflict.path)) target.in_the_way.push_back(conflict.path);
    CheckoutResult nobody_asks;
    CheckoutAttributes theirs(workspace_, nobody_asks);
    use_attributes_of(objects, target.source, "", theirs, nobody_asks);
    std::vector<IndexEntry> beside = entries_beside(workspace_, target.source.tree, merged.conflicts, theirs.lookup());
    if (!beside.empty()) target.beside = store_entries(workspace_, session, std::move(beside), theirs.selection());
    record_.message = prepared_message(workspace_, options_);
    record_.conflicts = merged.conflicts;
    result_.conflicts = std::move(merged.conflicts);
  }

  std::vector<RefChange> finish(Session& session, Index& index) {
    std::optional<RefValue> before;
    if (head_.commit) before = RefValue{*head_.commit, {}};
    if (!result_.conflicts.empty()) {
      return {{k_merge_ref, std::nullopt, RefValue{options_.revision.commit, {}}}};
    }
    result_.id = result_.fast_forward ? options_.revision.commit : make_commit(session, index);
    return {{head_.branch.empty() ? "HEAD" : head_.branch, before, RefValue{*result_.id, {}}}};
  }

  ObjectId make_commit(Session& session, Index& index) {
    CommitOptions facts;
    facts.message = record_.message;
    Commit object = commit_from(workspace_, facts);
    const bool sync = workspace_.settings().core.fsync;
    Publisher publisher(workspace_.repository(), workspace_.objects(), session, workspace_.lock_wait(), sync);
    ObjectWriter writer(workspace_.objects(), publisher, compression_options(workspace_.settings()));
    const IndexTree tree = write_index_tree(index, writer, attributes_policy(workspace_));
    object.tree = tree.id;
    object.attributes = tree.attributes;
    object.parents = {record_.ours, record_.theirs};
    const std::string text = encode_commit(object);
    const ObjectId id = commit_id(text);
    writer.put({ObjectType::commit, id}, as_bytes(text));
    writer.flush();
    publisher.finish(id);
    record_trees(index, tree, sync);
    return id;
  }

  Workspace& workspace_;
  const MergeOptions& options_;
  std::optional<ObjectId> base_;
  RefStore::Head head_;
  MergeRecord record_;
  MergeResult result_;
};

/// Writes a small tree in a session of its own.
ObjectId store_aside(Workspace& workspace, std::vector<IndexEntry> entries) {
  if (entries.empty()) return empty_tree_id();
  Session session = Session::open(workspace.repository(), workspace.env().command, workspace.lock_wait());
  const ObjectId tree = store_entries(workspace, session, std::move(entries)).tree;
  session.remove();
  return tree;
}

MergeResult finish_killed(Workspace& workspace, const MergeRecord& record) {
  MergeOptions options;
  options.revision.commit = record.theirs;
  if (record.label != record.theirs.short_hex()) options.revision.branch = std::string(k_heads) + record.label;
  options.name = record.label;
  options.unrelated = true;
  options.message = record.message;
  return merge(workspace, options);
}

}  // namespace

MergeResult merge(Workspace& workspace, const MergeOptions& options) {
  workspace.worktree_fd();
  refuse_while_merging(workspace);
  return Merging(workspace, options).run();
}

ObjectId merge_besides(Workspace& workspace) {
  const std::optional<MergeRecord> pending = pending_merge(workspace);
  if (!pending) return empty_tree_id();
  const ObjectId tree = read_commit(workspace.objects(), pending->theirs).tree;
  std::vector<IndexEntry> entries = entries_beside(workspace, tree, pending->conflicts);
  for (const ConflictRecord& conflict : pending->conflicts) {
    if (conflict.conflict != MergeConflict::deleted_by_us) continue;
    if (const std::optional<TreeEntry> theirs = entry_at(workspace.objects(), tree, conflict.path))
      entries.push_back(index_entry_of(conflict.path, *theirs));
  }
  return store_aside(workspace, std::move(entries));
}

CheckoutResult abort_merge(Workspace& workspace) {
  workspace.worktree_fd();
  std::optional<MergeRecord> pending = pending_merge(workspace);
  if (!pending) {
    // Only who finishes what was killed knows all that it touched.
    const std::optional<MergeRecord> killed = killed_merge(workspace);
    if (killed && finish_killed(workspace, *killed).conflicts.empty()) return undo(workspace, {})->checkout;
    pending = pending_merge(workspace);
  }
  if (!pending) throw Error(ErrorKind::conflict, "no merge is in progress", "store status");
  TakeBack back{.before = {}, .after = read_commit(workspace.objects(), pending->ours).tree,
                .brings_back = {}, .overwrites = merge_besides(workspace),
                .refs = {{k_merge_ref, RefValue{pending->theirs, {}}, std::nullopt}}, .discards = true};
  std::vector<IndexEntry> ours;
  {
    const Index index(workspace.repository().fs(), workspace.repository().fd());
    for (const ConflictRecord& conflict : pending->conflicts) {
      const std::optional<TreeEntry> entry = entry_at(workspace.objects(), back.after, conflict.path);
      if (entry && entry->kind != EntryKind::directory && is_modified(workspace, index, conflict.path))
        ours.push_back(index_entry_of(conflict.path, *entry));
    }
  }
  back.brings_back = store_aside(workspace, std::move(ours));
  return take_back_files(workspace, back);
}

}  // namespace store
