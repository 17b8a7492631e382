#include "ops/checkout.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/path.h"
#include "base/system_info.h"
#include "base/text.h"
#include "ops/checkout_forms.h"
#include "ops/checkout_index.h"
#include "ops/checkout_writer.h"
#include "pipeline/resume.h"

namespace store {
namespace {

constexpr std::string_view k_heads_prefix = "refs/heads/";

struct CloseDirectory {
  void operator()(DIR* listing) const { ::closedir(listing); }
};

/// Killed checkouts of this working tree, ours to clean up now.
struct Interrupted {
  std::vector<DeadSession> sessions;
  /// Finished files of a checkout of the same commit that were not synced when the machine went down: whatever they hold is not
  /// the user's work.
  std::unordered_set<std::string> unsynced;
};

/// True for a session that the next add can use: it has a pack, or a journal of an add with something in it.
bool has_work_of_add(const DeadSession& session) {
  if (!is_add_session(session)) return false;
  if (stat_at(session.directory.get(), layout::k_pack_temporary)) return true;
  bool any_record = false;
  read_journal(session, [&](JournalRecord&&) { any_record = true; });
  return any_record;
}

Interrupted find_interrupted(const Repository& repository, const ObjectId& commit) {
  Interrupted found;
  const std::string this_boot = boot_id();
  for (DeadSession& session : adopt_dead_sessions(repository)) {
    if (has_work_of_add(session)) continue;
    bool relevant = false;
    read_journal(session, [&](JournalRecord&& record) {
      if (const auto* target = std::get_if<JournalTarget>(&record))
        relevant = target->commit == commit && target->boot_id != this_boot;
      if (const auto* written = std::get_if<JournalWritten>(&record))
        if (relevant) found.unsynced.insert(written->path);
    });
    found.sessions.push_back(std::move(session));
  }
  return found;
}

/// A checkout that changes the working tree, under the index lock from start to end.
class InPlace {
 public:
  InPlace(Workspace& workspace, const CheckoutOptions& options)
      : workspace_(workspace),
        options_(options),
        root_fd_(workspace.worktree_fd()),
        session_(Session::open(workspace.repository(), workspace.env().command, workspace.lock_wait())),
        index_lock_(workspace.repository().locks().acquire(LockName::index, LockMode::exclusive,
                                                           workspace.lock_wait())),
        interrupted_(find_interrupted(workspace.repository(), options.revision.commit)),
        index_(workspace.repository().fs(), workspace.repository().fd()),
        head_(workspace.refs().head()) {}

  /// Phases: decide; save what is overwritten by force; write; sync; index; HEAD (docs/durability.md "Writing the work tree").
  CheckoutResult run() {
    started_ns_ = coarse_now_ns();
    load_trees();
    decide();
    OplogRecord record = start_record();
    write();
    update_index(workspace_, index_, source_, plan_,
                 {.before = head_tree_, .after = target_tree_, .paths_only = paths_only(), .started_ns = started_ns_});
    move_head(std::move(record));
    session_.remove();
    for (DeadSession& session : interrupted_.sessions)
      remove_session(workspace_.repository(), std::move(session));
    return result_;
  }

 private:
  bool paths_only() const { return !options_.paths.empty(); }

  void load_trees() {
    const ObjectReader& objects = workspace_.objects();
    const std::string& branch = options_.revision.branch;
    if (!branch.empty()) {
      const std::optional<RefValue> now = workspace_.refs().read(branch);
      if (!now || now->id != options_.revision.commit)
        throw Error(ErrorKind::conflict, fmt::format("{}: moved meanwhile", escape_name(branch)), "run the command again");
    }
    target_tree_ = read_commit(objects, options_.revision.commit).tree;
    if (head_.commit) head_tree_ = read_commit(objects, *head_.commit).tree;
    walk_tree(objects, target_tree_, "", [&](const std::string&, const TreeEntry&) {
      workspace_.check_cancelled();
      return true;
    });
    if (!paths_only()) {
      source_ = changes_between(objects, head_tree_, target_tree_);
      return;
    }
    check_paths_in_tree(objects, target_tree_, options_.paths);
    const PathspecSet paths(options_.paths);
    source_ = against_index(content_of(objects, target_tree_, paths), index_, paths);
  }

  void decide() {
    InPlacePlanner planner({.workspace = &workspace_,
                            .index = &index_,
                            .staged_against = head_tree_,
                            .paths_only = paths_only(),
                            .unsynced = &interrupted_.unsynced},
                           plan_);
    const ChangeStream changes = source_();
    while (const std::optional<TreeChange> change = changes()) {
      workspace_.check_cancelled();
      // Before anything is decided: they would keep a directory from being removed.
      if (!interrupted_.sessions.empty() && is_directory(change->before, change->after))
        clean_up(change->path);
      planner.decide(*change);
    }
    planner.finish();
    if (!interrupted_.sessions.empty()) clean_up("");
    if (!plan_.in_the_way.empty() && !options_.force) throw_in_the_way(std::move(plan_.in_the_way));
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
    OplogRecord record;
    record.command = workspace_.env().command;
    record.time = {workspace_.env().now_seconds, local_zone_minutes(workspace_.env().now_seconds)};
    if (plan_.in_the_way.empty()) {
      record.index_before = known_index_tree();
      return record;
    }
    record.index_before = store_index_tree(workspace_, session_, index_);
    record.discarded = store_discarded(workspace_, session_, plan_.in_the_way);
    return record;
  }

  std::optional<ObjectId> known_index_tree() const {
    const std::optional<IndexEntry> root = index_.find("");
    if (!root || root->id.is_zero()) return {};
    return root->id;
  }

  void write() {
    if (plan_.steps.empty()) return;
    const TargetTree target(*workspace_.env().fs, workspace_.worktree_path());
    JournalWriter journal = session_.create_journal();
    journal.append(JournalTarget{options_.revision.commit, workspace_.env().command, boot_id()});
    journal.flush();
    CheckoutWriter writer(workspace_, target, source_, plan_, result_);
    writer.on_written = [&](const std::string& path, const ObjectId& id) { journal.append(JournalWritten{path, id}); };
    writer.run();
    journal.flush();
    if (workspace_.settings().core.fsync) target.sync();
  }

  void move_head(OplogRecord record) {
    result_.head = head_.commit;
    result_.branch = head_.branch;
    if (!paths_only()) {
      RefValue wanted;
      if (options_.revision.branch.empty())
        wanted.id = options_.revision.commit;
      else
        wanted.branch = options_.revision.branch;
      result_.head = options_.revision.commit;
      result_.branch = wanted.branch;
      const std::optional<RefValue> current = workspace_.refs().read("HEAD");
      if (current != wanted) record.changes.push_back({"HEAD", current, wanted});
    }
    if (result_.branch.starts_with(k_heads_prefix)) result_.branch.erase(0, k_heads_prefix.size());
    if (record.changes.empty() && !record.discarded) return;
    record.index_after = known_index_tree();
    workspace_.refs().update(record, workspace_.lock_wait());
  }

  Workspace& workspace_;
  const CheckoutOptions& options_;
  int root_fd_;
  Session session_;
  Lock index_lock_;
  Interrupted interrupted_;
  Index index_;
  RefStore::Head head_;
  std::int64_t started_ns_ = 0;
  ObjectId target_tree_;
  std::optional<ObjectId> head_tree_;
  ChangeSource source_;
  CheckoutPlan plan_;
  CheckoutResult result_;
};

}  // namespace

void throw_in_the_way(std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end(), PathLess());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  const std::string message =
      paths.size() == 1 ? fmt::format("{}: is in the way", escape_name(paths.front()))
                        : fmt::format("{}: and {} more are in the way", escape_name(paths.front()), paths.size() - 1);
  throw Error(ErrorKind::conflict, message, "commit these changes, or overwrite them with --force")
      .with_paths(std::move(paths));
}

void check_paths_in_tree(const ObjectReader& objects, const ObjectId& tree, const std::vector<Pathspec>& paths) {
  for (const Pathspec& path : paths) {
    if (path.exclude || content_of(objects, tree, PathspecSet({path}))()()) continue;
    if (path.literal && !path.pattern.empty() && !path.fold_case) find_in_tree(objects, tree, path.root());  // throws with the nearest names
    throw Error(ErrorKind::not_found, fmt::format("{}: matches nothing in the revision", escape_name(path.shown())));
  }
}

void remove_temporaries(FileSystem& fs, int target_fd, const std::string& directory, const IsContent& is_content) {
  UniqueFd fd(open_beneath(target_fd, directory, O_RDONLY | O_DIRECTORY));
  if (!fd) return;
  const std::unique_ptr<DIR, CloseDirectory> listing(::fdopendir(fd.get()));
  if (!listing) return;
  fd.release();
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(listing.get()))
    if (is_temporary_name(entry->d_name)) names.emplace_back(entry->d_name);
  for (const std::string& name : names) {
    const std::optional<struct stat> info = stat_at(::dirfd(listing.get()), name);
    if (!info || S_ISDIR(info->st_mode) || is_content(join_path(directory, name))) continue;
    fs.unlink({::dirfd(listing.get()), name.c_str()});
  }
}

CheckoutResult checkout(Workspace& workspace, const CheckoutOptions& options) {
  if (options.out) return checkout_outside(workspace, options);
  if (options.subtree) throw Error(ErrorKind::usage, "checkout: REV:PATH needs --out DIR");
  return InPlace(workspace, options).run();
}

}  // namespace store
