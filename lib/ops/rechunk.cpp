#include "ops/rechunk.h"

#include <fmt/format.h>

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "base/text.h"
#include "ops/checkout_left_behind.h"
#include "ops/commit_graph.h"
#include "ops/commit_parts.h"
#include "ops/entry_sorter.h"
#include "ops/merge_state.h"
#include "ops/ref_edit.h"
#include "ops/repack.h"
#include "ops/revision.h"
#include "ops/size_classes.h"
#include "ops/staging.h"
#include "ops/stored_content.h"

namespace store {
namespace {

/// Commits between two looks at the tables: each publishes a pack.
constexpr std::size_t k_commits_per_table = 8;
constexpr std::size_t k_resident_levels = 32;  // directories further down let go of the nodes above them

/// What contents and directories have become. Planning and recording run at the same time, on two threads.
class NewIds {
 public:
  NewIds(FileSystem& fs, const Session& session) : known_(fs, session) {}

  /// What stands for an object in the table: its path there, and its name in errors.
  static std::string name(const ObjectKey& key) { return fmt::format("{} {}", name_of(key.type), key.id.hex()); }

  std::optional<IndexEntry> find(const ObjectKey& old) const {
    const MutexLock lock(mutex_);
    return known_.find(name(old));
  }
  /// False if it was asked for before.
  bool claim(const std::string& name) {
    const MutexLock lock(mutex_);
    return !known_.find(name) && under_way_.insert(name).second;
  }
  /// `entry.path` is the name of the old object.
  void put(IndexEntry entry) {
    const MutexLock lock(mutex_);
    under_way_.erase(entry.path);
    known_.put(std::move(entry));
  }

 private:
  mutable Mutex mutex_;
  EntrySorter known_ STORE_GUARDED_BY(mutex_);
  std::unordered_set<std::string> under_way_ STORE_GUARDED_BY(mutex_);
};

class Rechunk {
 public:
  Rechunk(Workspace& workspace, const Session& session)
      : workspace_(workspace),
        objects_(workspace.objects()),
        options_(ingest_options(workspace)),
        classes_(workspace.settings()),
        ids_(workspace.repository().fs(), session),
        publisher_(workspace.repository(), objects_, session, workspace.lock_wait(), workspace.settings().core.fsync) {}

  /// All commits below the tip, oldest first.
  std::vector<RechunkedCommit> run(const ObjectId& tip) {
    std::vector<ObjectId> commits;
    CommitWalk walk(workspace_, {tip}, {}, Parents::all);
    while (const std::optional<CommitWalk::Item> item = walk.next()) commits.push_back(item->id);
    std::vector<RechunkedCommit> done;
    for (auto id = commits.rbegin(); id != commits.rend(); ++id) {
      workspace_.check_cancelled();
      done.push_back({*id, store_commit(*id)});
      if (done.size() % k_commits_per_table == 0) objects_.maintain_tables();
    }
    objects_.maintain_tables();
    return done;
  }

 private:
  struct Level {
    TreeEntry directory;  // the old one, as its parent has it
    TreeCursor entries;
    TreeBuilder builder;
  };

  ObjectId store_commit(const ObjectId& old_id) {
    Commit commit = read_commit(objects_, old_id);
    std::optional<ObjectId> base;
    if (!commit.parents.empty()) base = read_commit(objects_, commit.parents.front()).tree;
    store_contents(base, commit.tree);
    ObjectWriter writer(objects_, publisher_, options_.compression);
    commit.tree = store_tree(commit.tree, writer);
    for (ObjectId& parent : commit.parents) parent = commits_.at(parent);
    const std::string text = encode_commit(commit);
    const ObjectId id = commit_id(text);
    writer.put({ObjectType::commit, id}, as_bytes(text));
    writer.flush();
    publisher_.finish(id);
    commits_.emplace(old_id, id);
    return id;
  }

  ContentProfile profile_of(const TreeEntry& file) const { return classes_.profile_of(nullptr, file.size); }

  /// A file that is one chunk and stays one is what it was.
  bool is_cut(const TreeEntry& entry) const {
    return entry.kind == EntryKind::large_file ||
           (entry.kind == EntryKind::file && entry.size > profile_of(entry).inline_threshold);
  }

  /// What the first parent has was stored with it.
  void store_contents(const std::optional<ObjectId>& base, const ObjectId& tree) {
    TreeDiff diff(objects_, base, tree);
    IngestPorts ports;
    ports.next = [&]() -> std::optional<IngestInput> {
      while (const std::optional<TreeChange> change = diff.next()) {
        if (!change->after || !is_cut(*change->after)) continue;
        if (std::optional<IngestInput> input = input_of(*change->after)) return input;
      }
      return std::nullopt;
    };
    ports.done = [this](const IngestResult& result) {
      IndexEntry entry = result.entry;
      const std::uint64_t expected = std::exchange(entry.stat, {}).size;
      if (entry.size != expected)
        throw_corrupt(fmt::format("{}: holds {} bytes, its entry says {}", entry.path, entry.size, expected));
      ids_.put(std::move(entry));
    };
    ports.failed = [](const PathFailure& failure) { throw Error(ErrorKind::bug, failure.path + ": " + failure.message); };
    ports.publisher = &publisher_;
    ingest(-1, objects_, ports, options_);
  }

  /// Nothing if it was stored before. The size that its tree says goes along as that of a stat.
  std::optional<IngestInput> input_of(const TreeEntry& file) {
    IngestInput input;
    input.entry.path = NewIds::name(*object_of(file.kind, file.size, file.id));
    if (!ids_.claim(input.entry.path)) return std::nullopt;
    input.action = IngestInput::Action::stream;
    input.entry.kind = EntryKind::file;
    input.entry.stat.size = file.size;
    input.profile = profile_of(file);
    input.stream = std::make_shared<StoredContent>(objects_, file);
    return input;
  }

  /// With the new ids of what is in it. store_contents() has looked at every directory that is entered here.
  ObjectId store_tree(const ObjectId& tree, ObjectWriter& writer) {
    if (const std::optional<IndexEntry> known = ids_.find({ObjectType::tree, tree})) return known->id;
    std::vector<Level> levels;
    const auto enter = [&](const TreeEntry& directory) {
      if (levels.size() >= k_resident_levels) levels.back().entries.suspend();
      levels.push_back({directory, TreeCursor(objects_, directory.id), TreeBuilder([&writer](const NodeBuilder::Built& built) {
                          writer.put({ObjectType::tree, built.id}, built.bytes);
                        })});
    };
    TreeEntry root;
    root.kind = EntryKind::directory;
    root.id = tree;
    enter(root);
    for (;;) {
      Level& level = levels.back();
      if (level.entries.at_end()) {
        const TreeEntry finished = finish(level);
        levels.pop_back();
        if (levels.empty()) return finished.id;
        levels.back().builder.add(finished);
        levels.back().entries.next();
      } else if (const std::optional<TreeEntry> entry = renewed(level.entries.entry())) {
        level.builder.add(*entry);
        level.entries.next();
      } else {
        enter(TreeEntry(level.entries.entry()));
      }
    }
  }

  /// The directory as it is now.
  TreeEntry finish(Level& level) {
    const NodeBuilder::Root root = level.builder.finish();
    IndexEntry known;
    known.path = NewIds::name({ObjectType::tree, level.directory.id});
    known.kind = EntryKind::directory;
    known.id = root.id;
    known.size = root.bytes;
    ids_.put(std::move(known));
    TreeEntry directory = level.directory;
    directory.id = root.id;
    directory.size = root.bytes;
    return directory;
  }

  /// An entry with its new id; nothing for a directory that is not built yet.
  std::optional<TreeEntry> renewed(TreeEntry entry) const {
    const bool directory = entry.kind == EntryKind::directory;
    if (!directory && !is_cut(entry)) return entry;
    const std::optional<IndexEntry> known = ids_.find(*object_of(entry.kind, entry.size, entry.id));
    if (!known) {
      if (directory) return std::nullopt;
      throw Error(ErrorKind::bug, fmt::format("{}: was not stored again", escape_name(entry.name)));
    }
    entry.kind = known->kind;
    entry.size = known->size;
    entry.id = known->id;
    return entry;
  }

  const Workspace& workspace_;
  ObjectStore& objects_;
  IngestOptions options_;
  SizeClasses classes_;
  NewIds ids_;
  Publisher publisher_;
  std::unordered_map<ObjectId, ObjectId, ObjectIdHash> commits_;
};

/// The index holds ids of the old commits: with the branch moved beneath it, everything would look staged.
void check_not_checked_out(const Workspace& workspace, const std::string& name, const std::string& ref) {
  if (!workspace.has_worktree() || workspace.refs().head().branch != ref) return;
  refuse_while_merging(workspace);  // nothing could be switched to
  throw Error(ErrorKind::conflict,
              fmt::format("branch {}: is checked out in {}", escape_name(name), escape_name(workspace.worktree_path())),
              "store switch --detach HEAD, and back afterwards");
}

void move_branch(const Workspace& workspace, const std::string& name, const std::string& ref, const RechunkedCommit& tip) {
  Lock index;  // nobody switches to the branch meanwhile
  if (workspace.has_worktree())
    index = workspace.repository().locks().acquire(LockName::index, LockMode::exclusive, workspace.lock_wait());
  check_not_checked_out(workspace, name, ref);
  OplogRecord record = new_oplog_record(workspace);
  record.changes = {{ref, RefValue{tip.old_id, {}}, RefValue{tip.new_id, {}}}};
  workspace.refs().update(record, workspace.lock_wait());
}

}  // namespace

RechunkResult rechunk(Workspace& workspace, const RechunkOptions& options) {
  const Repository& repository = workspace.repository();
  const std::string ref = full_ref_name(NamedRef::branch, options.branch);
  check_not_checked_out(workspace, options.branch, ref);
  if (!workspace.refs().read(ref))
    throw Error(ErrorKind::not_found, fmt::format("{}: no such branch", escape_name(options.branch)), "store branch");
  const ObjectId tip = resolve_revision(workspace, ref).commit;
  record_left_behind(workspace);
  Session session = Session::open(repository, workspace.env().command, workspace.lock_wait());
  session.directory_fd();  // refuses a full disk
  std::vector<DeadSession> dead = adopt_interrupted(workspace);
  workspace.objects().refresh();
  RechunkResult result;
  CatalogState catalog = read_catalog(repository);
  result.bytes_before = pack_bytes(catalog);
  result.packs_before = catalog.packs.size();
  if (Progress* progress = workspace.env().progress) progress->enter(Stage::ingest);
  result.commits = Rechunk(workspace, session).run(tip);
  if (options.before_move) options.before_move(result.commits);
  const RechunkedCommit& last = result.commits.back();
  if (last.new_id != last.old_id) move_branch(workspace, options.branch, ref, last);
  keep_house(workspace, session);
  catalog = read_catalog(repository);
  result.bytes_after = pack_bytes(catalog);
  result.packs_after = catalog.packs.size();
  try {
    session.remove();
  } catch (const std::exception&) {
    // The work is done: what stays of the session is removed by the next writer.
  }
  forget_interrupted(repository, std::move(dead));
  return result;
}

}  // namespace store
