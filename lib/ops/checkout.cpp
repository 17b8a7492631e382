#include "ops/checkout.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "base/text.h"
#include "ops/attribute_changes.h"
#include "ops/checkout_attributes.h"
#include "ops/checkout_forms.h"
#include "ops/checkout_index.h"
#include "ops/checkout_interrupted.h"
#include "ops/checkout_left_behind.h"
#include "ops/checkout_record.h"
#include "ops/checkout_take_back.h"
#include "ops/checkout_writer.h"
#include "ops/content_match.h"
#include "ops/merge_state.h"
#include "ops/ref_edit.h"

namespace store {
namespace {

constexpr Refusal k_removal{"has changes that are not committed", "have changes that are not committed",
                            "store rm --cached PATH, which leaves the file, or store rm -f PATH, which store undo takes back"};

constexpr std::string_view k_heads_prefix = "refs/heads/";

/// A checkout that changes the working tree, under the index lock from start to end.
class InPlace {
 public:
  InPlace(Workspace& workspace, const CheckoutOptions& options, const TakeBack* take_back = nullptr,
          const Landing* landing = nullptr)
      : workspace_(workspace),
        options_(options),
        take_back_(take_back),
        landing_(landing),
        root_fd_(workspace.worktree_fd()),
        session_(Session::open(workspace.repository(), workspace.env().command, workspace.lock_wait())),
        index_lock_(workspace.repository().locks().acquire(LockName::index, LockMode::exclusive,
                                                           workspace.lock_wait())),
        operation_(operation_of(take_back != nullptr ? k_undo_operation : landing != nullptr ? "merge" : "checkout", options)),
        interrupted_(find_interrupted(workspace, options.revision.commit, operation_)),
        index_(workspace.repository().fs(), workspace.repository().fd()),
        head_(workspace.refs().head()) {}

  /// Phases: decide; save what is overwritten by force; write; sync; index; HEAD (docs/durability.md "Writing the work tree").
  CheckoutResult run() {
    started_ns_ = coarse_now_ns();
    load_trees();
    source_ = remembered(std::move(source_));
    decide();
    record_left_behind(workspace_, session_, interrupted_.others);
    OplogRecord record = start_record();
    write(record);
    if (journal_ && !leaves_index()) note_index(record);
    if (!options_.keep_index)
      update_index(workspace_, index_, source_, plan_,
                   {.before = head_tree_,
                    .after = target_tree_,
                    .paths_only = paths_only(),
                    .attributes = attributes_.any() ? &attributes_ : nullptr,
                    .restores_directory = restores_directory_,
                    .keeps_modes = keeps_modes_,
                    .started_ns = started_ns_});
    move_head(std::move(record));
    if (paths_only() && !options_.keep_index && !options_.from_index)  // who says what is to be staged settles a conflict
      resolve_conflicts(workspace_, [paths = PathspecSet(options_.paths)](const std::string& path) { return paths.matches(path); });
    session_.remove();
    remove_interrupted(workspace_, std::move(interrupted_.sessions), decided_);
    if (journal_synced_) sync_sessions(workspace_.repository());
    return result_;
  }

 private:
  bool paths_only() const { return !options_.paths.empty(); }
  /// By force everything that is tracked becomes as the revision has it, not only what would be in the way.
  bool takes_everything() const { return options_.force && !paths_only() && take_back_ == nullptr; }

  void load_trees() {
    const ObjectReader& objects = workspace_.objects();
    if (take_back_ != nullptr || options_.remove) store_empty_tree(workspace_, session_);  // the empty tree is read
    if (take_back_ != nullptr) {
      const bool from_index = take_back_->discards || take_back_->left;
      head_tree_ = from_index ? store_index_tree(workspace_, session_, index_) : take_back_->before;
      target_tree_ = take_back_->left ? *head_tree_ : take_back_->after;
      check_.emplace(workspace_, *take_back_, take_back_->left.value_or(*head_tree_), target_tree_, interrupted_);
      source_ = changes_between(objects, head_tree_, target_tree_);
      if (const std::optional<ObjectId> id = commit_taken_back_to()) {
        const Commit commit = read_commit(objects, *id);
        use_attributes_of(objects, commit, "", attributes_, result_);
        attributes_.only_where_alike(target_tree_);
        follow_attributes(commit.tree);
      }
      return;
    }
    if (head_.commit) head_tree_ = read_commit(objects, *head_.commit).tree;
    if (landing_ != nullptr) return prepare_landing();
    if (options_.remove) {
      target_tree_ = empty_tree_id();
      source_ = removal_of(index_, PathspecSet(options_.paths));
      return;
    }
    const std::string& branch = options_.revision.branch;
    if (!branch.empty()) {
      const std::optional<RefValue> now = workspace_.refs().read(branch);
      if (!now || now->id != options_.revision.commit)
        throw Error(ErrorKind::conflict, fmt::format("{}: moved meanwhile", escape_name(branch)), "run the command again");
    }
    if (options_.from_index) {
      target_tree_ = store_index_tree(workspace_, session_, index_);
      attributes_.use_index(index_, target_tree_);
    } else {
      const Commit target = read_commit(objects, options_.revision.commit);
      target_tree_ = target.tree;
      use_attributes_of(objects, target, "", attributes_, result_);
    }
    if (!paths_only()) {
      source_ = takes_everything() ? changes_of_everything(workspace_, index_, target_tree_) : changes_between(objects, head_tree_, target_tree_);
      follow_attributes(target_tree_);
      return;
    }
    if (options_.keep_index) check_paths_known(objects, target_tree_, index_, options_.paths);
    else check_paths_in_tree(objects, target_tree_, options_.paths);
    const PathspecSet paths(options_.paths);
    restores_directory_ = [paths](const std::string& path) { return paths.matches(path); };
    source_ = against_index(content_of(objects, target_tree_, paths), index_, paths);
    // Files that are tracked and not in the source go, too (git restore: no overlay).
    if (options_.keep_index) source_ = merged(source_, without_kept(removal_of(index_, paths), objects, target_tree_));
  }

  /// What is the same in HEAD and in the commit that it is put on gets the other one's attributes, too.
  void follow_attributes(const ObjectId& target) {
    if (!head_.commit || !attributes_.own()) return;
    const Commit head = read_commit(workspace_.objects(), *head_.commit);
    CheckoutResult nobody_asks;
    CheckoutAttributes before(workspace_, nobody_asks);
    use_attributes_of(workspace_.objects(), head, "", before, nobody_asks);
    const auto directory_of = [](const CheckoutAttributes& attributes) {
      return attributes.own() ? attributes.own()->directory : std::nullopt;
    };
    root_attributes_differ_ = before.own() != attributes_.own();
    following_ = {.selection = attributes_.selection(),
                  .on_damage = [this](const std::string& directory, const Error& error) {
                    attributes_.note_damage(directory, error);
                  }};
    source_ = merged(std::move(source_),
                                     attribute_changes(workspace_.objects(), {head.tree, directory_of(before)},
                                                       {target, directory_of(attributes_)}, following_));
  }

  /// Only what differs from HEAD's tree is looked at, and so validated.
  void prepare_landing() {
    const ObjectReader& objects = workspace_.objects();
    landing_target_ = landing_->prepare(session_, index_, head_);
    target_tree_ = landing_target_->tree;
    source_ = changes_between(objects, head_tree_, target_tree_);
    use_attributes_of(objects, landing_target_->source, "", attributes_, result_);
    attributes_.only_where_alike(target_tree_);
    if (landing_target_->source.tree == target_tree_) follow_attributes(target_tree_);
    restores_directory_ = [this, &objects](const std::string& path) {
      const std::optional<TreeEntry> theirs = entry_at(objects, landing_target_->source.tree, path);
      const std::optional<TreeEntry> landed = entry_at(objects, target_tree_, path);
      return theirs && landed && theirs->id == landed->id;
    };
  }

  /// Where HEAD will be: the only place that has the attributes of what comes back, as far as it is as committed.
  std::optional<ObjectId> commit_taken_back_to() const {
    const auto value_of = [&](const std::string& name) {
      for (const RefChange& change : take_back_->refs)
        if (change.name == name) return change.new_value;
      return workspace_.refs().read(name);
    };
    std::optional<RefValue> value = value_of("HEAD");
    if (value && !value->branch.empty()) value = value_of(value->branch);
    return value && value->branch.empty() ? std::optional(value->id) : std::nullopt;
  }

  void decide() {
    InPlacePlanner planner({.workspace = &workspace_,
                            .index = &index_,
                            .staged_against = head_tree_,
                            .paths_only = paths_only(),
                            .everything = takes_everything(),
                            .only_removes = options_.remove,
                            .named = restores_directory_,
                            .interrupted = !interrupted_.sessions.empty(),
                            .rewrites = &interrupted_.rewrites},
                           plan_);
    const ChangeStream changes = source_();
    while (const std::optional<TreeChange> change = changes()) {
      workspace_.check_cancelled();
      // Before anything is decided: they would keep a directory from being removed.
      if (!interrupted_.sessions.empty() && is_directory(change->before, change->after))
        clean_up(change->path);
      if (check_ && check_->stands_aside(*change)) planner.stage_only(*change);
      else planner.decide(*change);
      if (check_ && check_->comes_back(*change)) leave_last(change->path);
      if (interrupted_.rewrites.contains(change->path)) decided_.insert(change->path);
    }
    planner.finish();
    if (!interrupted_.sessions.empty()) clean_up("");
    if (check_) check_->run(plan_);
    else if (landing_ != nullptr) check_landing();
    else if (!plan_.in_the_way.empty() && !options_.force)
      allow_only_after_power_loss(workspace_, interrupted_, plan_, options_.remove ? k_removal : k_in_the_way);
  }

  void check_landing() {
    std::vector<std::string> paths = landing_target_->in_the_way;
    paths.insert(paths.end(), plan_.in_the_way.begin(), plan_.in_the_way.end());
    if (!paths.empty() && plan_.unreadable) refuse_unreadable(std::move(*plan_.unreadable));
    if (!paths.empty())
      refuse_paths(std::move(paths), {k_in_the_way.one, k_in_the_way.many, "commit these changes, or put them away, then merge again"});
    landing_->begin();
  }

  /// The file stays, as something that is not tracked.
  void leave_last(const std::string& path) {
    plan_.steps.back() = Step::leave;
    if (!plan_.in_the_way.empty() && plan_.in_the_way.back() == path) plan_.in_the_way.pop_back();
  }

  void clean_up(const std::string& directory) const {
    remove_temporaries(*workspace_.env().fs, root_fd_, directory, [this](const std::string& path) {
      return index_.find(path) || entry_at(workspace_.objects(), target_tree_, path);
    });
  }

  static bool is_directory(const std::optional<TreeEntry>& before, const std::optional<TreeEntry>& after) {
    return (before && before->kind == EntryKind::directory) || (after && after->kind == EntryKind::directory);
  }

  OplogRecord start_record() {
    OplogRecord record = new_oplog_record(workspace_);
    // A merge starts from an index like HEAD; one that was killed may have changed it already.
    if (!leaves_index()) record.index_before = landing_ != nullptr ? head_tree_.value_or(empty_tree_id()) : store_index_tree(workspace_, session_, index_);
    std::vector<std::string> discarded = plan_.in_the_way;
    if (!leaves_index()) take_index_before(record);
    if (check_) discarded.insert(discarded.end(), check_->overwritten.begin(), check_->overwritten.end());
    Replaced replaced;
    if (options_.keep_index) {
      replaced = replaced_by(source_, plan_);
      discarded.insert(discarded.end(), replaced.paths.begin(), replaced.paths.end());
    }
    DiscardStore store(workspace_, session_);
    aside_ = set_aside(workspace_, interrupted_, discarded, [&](std::vector<std::string> paths) {
      DiscardStore apart(workspace_, session_);
      apart.add_files(index_, std::move(paths));
      return apart.finish();
    });
    store.add_files(index_, std::move(replaced.modes));  // a killed run may have made them: what it says counts
    for (const JournalDiscarded& earlier : interrupted_.discarded)
      store.add_earlier(workspace_.objects(), {earlier.tree, earlier.attributes}, discarded);
    keep_surroundings(workspace_, index_, source_, plan_,
                      {.paths = paths_only(), .files_only = options_.keep_index, .interrupted = interrupted_.wrote}, store);
    if (check_)
      for (const std::string& path : check_->absent) store.add_absent(path);
    if (options_.keep_index) {
      record.index_after = store_entries(workspace_, session_, written_by_all(std::move(replaced.by))).tree;
    } else if (leaves_index()) {
      record.index_after = take_back_->brings_back;
    }
    store.add_files(index_, std::move(discarded));
    if (take_back_ != nullptr && take_back_->brings_back != empty_tree_id()) record.brought_back = take_back_->brings_back;
    const Discarded stored = store.finish();
    record.discarded = stored.tree;
    record.discarded_attributes = stored.attributes;
    return record;
  }

  /// The index changes now: the same command once more after a kill does not find it as it was.
  void note_index(const OplogRecord& record) {
    journal_->append(JournalDiscarded{*record.discarded, record.discarded_attributes, std::nullopt, record.index_before});
    journal_->flush();
  }

  /// As a killed run of the same command found it.
  void take_index_before(OplogRecord& record) const {
    for (const JournalDiscarded& earlier : interrupted_.discarded)
      if (earlier.index_before && workspace_.objects().contains({ObjectType::tree, *earlier.index_before}))
        record.index_before = earlier.index_before;
  }

  /// With what killed runs of the same command have written already, as far as it is still so.
  std::vector<IndexEntry> written_by_all(std::vector<IndexEntry> entries) const {
    std::map<std::string, IndexEntry, PathLess> all;
    for (IndexEntry& entry : entries) all.insert_or_assign(entry.path, std::move(entry));
    for (const JournalDiscarded& earlier : interrupted_.discarded) {
      if (!earlier.wrote || !workspace_.objects().contains({ObjectType::tree, *earlier.wrote})) continue;
      const ChangeStream changes = content_of(workspace_.objects(), *earlier.wrote, PathspecSet({}))();
      while (const std::optional<TreeChange> change = changes())
        if (const std::optional<TreeEntry> wanted = entry_at(workspace_.objects(), target_tree_, change->path);
            wanted && wanted->kind == change->after->kind)
          all.try_emplace(change->path, index_entry_of(change->path, *change->after));
    }
    entries.clear();
    for (auto& [path, entry] : all) entries.push_back(std::move(entry));
    return entries;
  }

  /// Then the record says what was written, instead of what the index was and is.
  bool leaves_index() const { return options_.keep_index || (take_back_ != nullptr && take_back_->left); }

  void write(const OplogRecord& record) {
    const bool bytes_come_back = take_back_ != nullptr && (take_back_->brings_back != empty_tree_id() || !check_->overwritten.empty());
    const bool files_beside = landing_ != nullptr && landing_target_->beside.tree != empty_tree_id();
    if (plan_.steps.empty() && !bytes_come_back && !files_beside) {
      if (root_attributes_differ_) restore_root_time(*workspace_.env().fs, root_fd_, attributes_);
      return;
    }
    const TargetTree target(*workspace_.env().fs, workspace_.worktree_path());
    JournalWriter& journal = journal_.emplace(session_.create_journal());
    journal.append(JournalTarget{options_.revision.commit, operation_, boot_id()});
    journal.append(JournalDiscarded{*record.discarded, record.discarded_attributes,
                                    options_.keep_index ? record.index_after : std::nullopt, std::nullopt});
    journal.flush();
    journal_synced_ = workspace_.settings().core.fsync;
    if (!plan_.rewrites.empty()) announce_rewrites(journal);
    else if (journal_synced_) session_.sync_journal(journal);  // durability.md: worktree 2
    CheckoutWriter writer(workspace_, target, source_, plan_, result_);
    if (attributes_.any()) writer.attributes = &attributes_;
    writer.restores_directory = restores_directory_;
    LinkNames links(workspace_, index_, target_tree_, attributes_);
    writer.links = &links;
    if ((paths_only() || takes_everything()) && attributes_.selection().hardlinks) links.look_for_others(source_, plan_);
    writer.run();
    if (bytes_come_back) {
      write_over(target, counterparts(workspace_.objects(), take_back_->overwrites, target_tree_), attributes_);
      write_over(target, {take_back_->brings_back, take_back_->brings_back_attributes});
      remove_untracked(target);
    }
    if (files_beside) write_over(target, landing_target_->beside);
    if (is_whole_commit()) restore_root_time(*workspace_.env().fs, root_fd_, attributes_);
    keeps_modes_ = target.keeps_modes();
    if (workspace_.settings().core.fsync) target.sync();
  }

  /// Files that are rewritten in place are half written for a while: the journal says so, and the index vouches for them no more,
  /// both durably before the first byte (durability.md: worktree 5).
  void announce_rewrites(JournalWriter& journal) {
    const bool sync = workspace_.settings().core.fsync;
    Index::Batch batch = index_.begin();
    {
      const ChangeStream changes = source_();
      for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
        const std::optional<TreeChange> change = changes();
        const auto rewrite = plan_.rewrites.find(i);
        if (!change || rewrite == plan_.rewrites.end()) continue;
        journal.append(JournalRewrite{change->path, rewrite->second.from, change->after->id});
        std::optional<IndexEntry> tracked = index_.find(change->path);
        if (!tracked) continue;
        tracked->racy = true;
        batch.put(*tracked);
      }
    }
    if (sync) session_.sync_journal(journal);
    else journal.flush();
    batch.commit(sync);
  }

  /// What is in the working tree now, is in one commit.
  bool is_whole_commit() const {
    if (landing_ != nullptr) return landing_target_->source.tree == target_tree_;
    return !paths_only() && (take_back_ == nullptr || !take_back_->refs.empty());
  }

  /// Files that the entry had put there, and that are in no tree: their bytes are in the repository by now.
  void remove_untracked(const TargetTree& target) {
    const ObjectReader& objects = workspace_.objects();
    for (const std::string& path : check_->overwritten) {
      if (entry_at(objects, target_tree_, path) || entry_at(objects, take_back_->brings_back, path)) continue;
      const std::optional<ScanEntry> found = scan_one(root_fd_, path);
      if (!found || found->kind == EntryKind::directory) continue;
      target.remove_file(path);
      ++result_.removed;
    }
  }

  void write_over(const TargetTree& target, const Discarded& files) {
    CheckoutAttributes attributes(workspace_, result_);
    if (files.attributes) {
      Attributes root;
      root.directory = *files.attributes;
      attributes.use_directory(files.tree, root, "");
    }
    write_over(target, content_of(workspace_.objects(), files.tree, PathspecSet({})), attributes);
  }

  /// Files that are not what the index says, over what is there.
  void write_over(const TargetTree& target, const ChangeSource& files, CheckoutAttributes& attributes) {
    CheckoutPlan plan = check_ ? check_->plan_over(files) : plan_over(workspace_, files);
    if (plan.steps.empty()) return;
    CheckoutWriter writer(workspace_, target, files, plan, result_);
    if (attributes.any()) writer.attributes = &attributes;
    writer.run();
  }

  void move_head(OplogRecord record) {
    result_.head = head_.commit;
    result_.branch = head_.branch;
    if (take_back_ != nullptr) {
      record.changes = take_back_->refs;
    } else if (landing_ != nullptr) {
      record.changes = landing_->finish(session_, index_);
    } else if (!paths_only()) {
      RefValue wanted;
      if (options_.new_branch) {
        wanted.branch = *options_.new_branch;
        record.changes.push_back({wanted.branch, std::nullopt, RefValue{options_.revision.commit, {}}});
      } else if (options_.revision.branch.empty())
        wanted.id = options_.revision.commit;
      else
        wanted.branch = options_.revision.branch;
      result_.head = options_.revision.commit;
      result_.branch = wanted.branch;
      const std::optional<RefValue> current = workspace_.refs().read("HEAD");
      if (current != wanted) record.changes.push_back({"HEAD", current, wanted});
    }
    if (!leaves_index()) record.index_after = store_index_tree(workspace_, session_, index_);
    const bool nothing = record.changes.empty() && (leaves_index() ? record.index_after == empty_tree_id() : record.index_before == record.index_after) &&
                         *record.discarded == empty_tree_id() && take_back_ == nullptr && landing_ == nullptr;
    record_left_behind(workspace_, session_, aside_);
    if (!nothing) workspace_.refs().update(record, workspace_.lock_wait());
    if (take_back_ != nullptr || landing_ != nullptr) {
      const RefStore::Head head = workspace_.refs().head();
      result_.head = head.commit;
      result_.branch = head.branch;
    }
    if (result_.branch.starts_with(k_heads_prefix)) result_.branch.erase(0, k_heads_prefix.size());
  }

  Workspace& workspace_;
  const CheckoutOptions& options_;
  const TakeBack* take_back_;
  const Landing* landing_;
  std::optional<Landing::Target> landing_target_;
  int root_fd_;
  Session session_;
  Lock index_lock_;
  const std::string operation_;
  Interrupted interrupted_;
  Index index_;
  RefStore::Head head_;
  std::int64_t started_ns_ = 0;
  ObjectId target_tree_;
  std::optional<ObjectId> head_tree_;
  ChangeSource source_;
  AttributeChangesOptions following_;
  bool root_attributes_differ_ = false;
  CheckoutPlan plan_;
  std::vector<LeftBehind> aside_;
  std::set<std::string> decided_;  // that a killed checkout was rewriting in place
  std::optional<JournalWriter> journal_;
  bool journal_synced_ = false;
  std::optional<TakeBackCheck> check_;
  bool keeps_modes_ = true;
  CheckoutResult result_;
  CheckoutAttributes attributes_{workspace_, result_};
  std::function<bool(const std::string& path)> restores_directory_;
};

}  // namespace

CheckoutResult checkout(Workspace& workspace, const CheckoutOptions& options) {
  if (options.out) return checkout_outside(workspace, options);
  if (options.subtree) throw Error(ErrorKind::usage, "checkout: REV:PATH needs --out DIR");
  if (options.paths.empty()) refuse_while_merging(workspace);
  return InPlace(workspace, options).run();
}

CheckoutResult take_back_files(Workspace& workspace, const TakeBack& entry) {
  CheckoutOptions options;
  options.revision.commit = entry.after;  // by which an interrupted one is told
  options.force = true;
  return InPlace(workspace, options, &entry).run();
}

CheckoutResult land(Workspace& workspace, const ObjectId& theirs, const Landing& landing) {
  CheckoutOptions options;
  options.revision.commit = theirs;
  return InPlace(workspace, options, nullptr, &landing).run();
}

}  // namespace store
