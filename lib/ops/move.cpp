#include <fcntl.h>
#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "base/system_info.h"
#include "base/text.h"
#include "ops/checkout_forms.h"
#include "ops/content_match.h"
#include "ops/index_patch.h"
#include "ops/merge_state.h"
#include "ops/nearest_path.h"
#include "ops/ref_edit.h"
#include "ops/restore.h"
#include "ops/write_access.h"
#include "worktree/target.h"

namespace store {
namespace {

struct Move {
  std::string from;
  std::string to;
  bool done = false;  // on disk, by a command that was interrupted before it told the index
};

/// The paths without a '/' at the end, which only a directory may have; a target that is not there is to become one, for a directory.
MoveOptions without_slashes(const Workspace& workspace, const Index& index, MoveOptions options) {
  const auto take_slash = [&](std::string& path, bool may_be_missing) {
    if (!path.ends_with('/')) return;
    path.pop_back();
    const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
    if (found ? found->kind != EntryKind::directory : !may_be_missing)
      throw unknown_path(index, -1, Pathspec::exactly(path), fmt::format("{}/: no such directory", escape_name(path)));
  };
  bool directories = true;
  for (std::string& source : options.sources) {
    take_slash(source, false);
    const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), source);
    directories = directories && found && found->kind == EntryKind::directory;
  }
  take_slash(options.target, directories);
  return options;
}

/// Where an interrupted move has put a source: what is not there any more is under its new name, which is not tracked.
std::optional<std::string> moved_already(const Workspace& workspace, const Index& index, const std::string& source,
                                         const std::string& target) {
  if (scan_one(workspace.worktree_fd(), source)) return std::nullopt;
  const std::optional<IndexEntry> entry = index.find(source);
  TreeEntry was;  // a directory without an entry of its own, as a rule
  was.kind = entry ? entry->kind : EntryKind::directory;
  if (entry) was.size = entry->size;
  if (entry) was.id = entry->id;
  for (const std::string& name : {join_path(target, base_name(source)), target}) {
    const std::optional<ScanEntry> found = name.empty() ? std::nullopt : scan_one(workspace.worktree_fd(), name);
    if (found && !index.contains_within(name) && content_matches(workspace, workspace.worktree_fd(), *found, was)) return name;
  }
  return std::nullopt;
}

/// Where each source goes; everything is checked before anything moves.
std::vector<Move> plan(const Workspace& workspace, const Index& index, const MoveOptions& options) {
  const std::optional<ScanEntry> target = options.target.empty() ? std::nullopt : scan_one(workspace.worktree_fd(), options.target);
  const bool into = options.target.empty() || (target && target->kind == EntryKind::directory);
  if (!into && options.sources.size() > 1)
    throw Error(ErrorKind::usage, fmt::format("{}: is no directory, so only one path can go there", escape_name(options.target)));
  const std::string parent(parent_path(options.target));
  const std::optional<ScanEntry> above = parent.empty() ? std::nullopt : scan_one(workspace.worktree_fd(), parent);
  if (!into && !parent.empty() && (!above || above->kind != EntryKind::directory))
    throw unknown_path(index, workspace.worktree_fd(), Pathspec::exactly(parent), fmt::format("{}: no such directory", escape_name(parent)));
  std::vector<Move> moves;
  for (const std::string& source : options.sources) {
    if (source.empty() || !index.contains_within(source))
      throw unknown_path(index, -1, Pathspec::exactly(source), fmt::format("{}: is not tracked", escape_name(source.empty() ? "." : source)));
    if (const std::optional<std::string> there = moved_already(workspace, index, source, options.target)) {
      moves.push_back({source, *there, true});
      continue;
    }
    const std::optional<ScanEntry> moved = scan_one(workspace.worktree_fd(), source);
    if (!moved)
      throw Error(ErrorKind::not_found, fmt::format("{}: is not in the working tree", escape_name(source)));
    Move move{source, into ? join_path(options.target, base_name(source)) : options.target, false};
    if (is_within(move.to, source))
      throw Error(ErrorKind::usage, fmt::format("{}: cannot go into itself", escape_name(source)));
    const std::optional<ScanEntry> there = scan_one(workspace.worktree_fd(), move.to);
    const bool replaceable = there && there->kind != EntryKind::directory && moved->kind != EntryKind::directory;
    if (there && !(options.force && replaceable))
      throw Error(ErrorKind::exists, fmt::format("{}: is there already", escape_name(move.to)), replaceable ? "--force" : "")
          .with_paths({move.to});
    for (const Move& other : moves)
      if (other.to == move.to || is_within(other.from, source) || is_within(source, other.from))
        throw Error(ErrorKind::usage, fmt::format("{}: and {} cannot both be moved there", escape_name(source),
                                                  escape_name(other.from)));
    moves.push_back(std::move(move));
  }
  return moves;
}

/// Nothing below a directory that its owner has closed to themselves: it was moved all the same.
std::optional<ScanEntry> scan_if_allowed(const Workspace& workspace, const std::string& path) {
  try {
    return scan_one(workspace.worktree_fd(), path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::permission) throw;
    return std::nullopt;
  }
}

/// The entries below one place, staged at another; a file that was known to be unchanged still is.
void stage_move(const Workspace& workspace, const Index& index, const Move& move, IndexPatch& patch) {
  for (Index::Cursor at = index.seek(move.from); !at.at_end() && is_within(at.entry().path, move.from); at.next()) {
    IndexEntry entry = at.entry();
    patch.remove(entry.path);
    entry.path = move.to + entry.path.substr(move.from.size());
    if (const std::optional<ScanEntry> found = scan_if_allowed(workspace, entry.path)) {
      const StatKey& now = found->stat;
      StatKey renamed = entry.stat;
      renamed.ctime_ns = now.ctime_ns;  // a rename changes no other stamp
      if (renamed == now) entry.stat = now;
    }
    patch.put(std::move(entry));
  }
}

void rename_in(const Workspace& workspace, const TargetTree& tree, const Move& move) {
  const UniqueFd from = tree.open_directory(std::string(parent_path(move.from)));
  const UniqueFd to = tree.open_directory(std::string(parent_path(move.to)));
  const std::string old_name(base_name(move.from));
  const std::string new_name(base_name(move.to));
  workspace.env().fs->rename({from.get(), old_name.c_str()}, {to.get(), new_name.c_str()});
}

/// durability.md: worktree 7. Both names of each move, also of one that an interrupted command made; the new ones first, so that
/// one of them is there on a file system that does not rename in one step.
void sync_moves(const Workspace& workspace, const TargetTree& tree, const std::vector<Move>& moves) {
  if (!workspace.settings().core.fsync) return;
  const auto sync = [&](std::string Move::*end) {
    std::set<std::string> directories;
    for (const Move& move : moves) directories.emplace(parent_path(move.*end));
    for (const std::string& directory : directories)
      if (directory.empty() || scan_one(workspace.worktree_fd(), directory))
        workspace.env().fs->fsync(tree.open_directory(directory).get());
  };
  sync(&Move::to);
  sync(&Move::from);
}

/// With `force`: what is overwritten and what comes in its place are put into the repository, so that undo brings both back. Nothing
/// if nothing is overwritten.
std::optional<OplogRecord> keep_overwritten(Workspace& workspace, WriteAccess& access, const std::vector<Move>& moves) {
  std::vector<Move> over;
  std::vector<std::string> paths;
  for (const Move& move : moves) {
    if (move.done || !scan_one(workspace.worktree_fd(), move.to)) continue;
    over.push_back(move);
    paths.insert(paths.end(), {move.from, move.to});
  }
  if (over.empty()) return {};
  OplogRecord record = new_oplog_record(workspace);
  record.index_before = store_index_tree(workspace, access.session(), access.index());
  DiscardStore store(workspace, access.session());
  store.add_files(access.index(), std::move(paths));
  const Discarded discarded = store.finish();
  record.discarded = discarded.tree;
  record.discarded_attributes = discarded.attributes;
  workspace.objects().refresh();
  std::vector<IndexEntry> moved;
  for (const Move& move : over)
    if (const std::optional<TreeEntry> entry = entry_at(workspace.objects(), discarded.tree, move.from))
      moved.push_back(index_entry_of(move.to, *entry));
  record.brought_back = store_entries(workspace, access.session(), std::move(moved)).tree;
  return record;
}

/// durability.md: worktree 2.
void write_journal(const Workspace& workspace, const Session& session, const OplogRecord& record) {
  JournalWriter journal = session.create_journal();
  journal.append(JournalTarget{{}, std::string(k_move_operation), boot_id()});
  journal.append(JournalDiscarded{*record.discarded, record.discarded_attributes, record.brought_back, record.index_before});
  if (workspace.settings().core.fsync) session.sync_journal(journal);
  else journal.flush();
}

/// Directories that moving emptied, outwards.
void remove_emptied(const TargetTree& tree, const std::string& path) {
  for (std::string_view above = parent_path(path); !above.empty(); above = parent_path(above))
    if (!tree.remove_directory(std::string(above))) return;
}

/// A conflict is settled where it is.
void refuse_conflicts(const Workspace& workspace, const MoveOptions& options) {
  const std::optional<MergeRecord> merge = pending_merge(workspace);
  if (!merge) return;
  for (const std::string& path : open_conflicts(*merge))
    for (const std::string& source : options.sources)
      if (is_within(path, source))
        throw Error(ErrorKind::conflict, fmt::format("{}: is a conflict that nobody has settled", escape_name(path)),
                    "store add PATH, or store rm PATH, first")
            .with_paths({path});
}

}  // namespace

RemoveResult move_paths(Workspace& workspace, const MoveOptions& options) {
  workspace.worktree_fd();
  WriteAccess access(workspace);
  Index& index = access.index();
  refuse_conflicts(workspace, options);
  const std::vector<Move> moves = plan(workspace, index, without_slashes(workspace, index, options));
  const TargetTree tree(*workspace.env().fs, workspace.worktree_path());
  std::optional<OplogRecord> record = keep_overwritten(workspace, access, moves);
  if (record) write_journal(workspace, access.session(), *record);
  RemoveResult result;
  IndexPatch patch(workspace, access.session(), index);
  for (const Move& move : moves) {
    if (!move.done) rename_in(workspace, tree, move);
    stage_move(workspace, index, move, patch);
    result.paths.add({move.to, Change::renamed, move.from, false});
  }
  patch.remove_emptied();
  sync_moves(workspace, tree, moves);
  patch.commit();
  for (const Move& move : moves) remove_emptied(tree, move.from);
  if (record) {
    record->index_after = store_index_tree(workspace, access.session(), access.index());
    workspace.refs().update(*record, workspace.lock_wait());
  }
  access.finish();
  if (record && workspace.settings().core.fsync) sync_sessions(workspace.repository());
  return result;
}

}  // namespace store
