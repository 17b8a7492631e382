#include "ops/save.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/checkout_left_behind.h"
#include "ops/commit_parts.h"
#include "ops/exclude.h"
#include "ops/index_attributes.h"
#include "ops/index_tree.h"
#include "ops/metadata.h"
#include "ops/revision.h"
#include "ops/save_index.h"
#include "ops/staging.h"
#include "worktree/scan_entry.h"

namespace store {
namespace {

constexpr std::string_view k_heads = "refs/heads/";
constexpr std::string_view k_tags = "refs/tags/";

std::string full_name(std::string_view prefix, const std::string& name) {
  if (!is_valid_ref_name(name))
    throw Error(ErrorKind::usage, fmt::format("'{}' is not a valid name of a {}", escape_name(name),
                                              prefix == k_heads ? "branch" : "tag"));
  return std::string(prefix) + name;
}

/// What is saved, as a directory to walk and the paths in it.
struct Source {
  UniqueFd directory;
  std::string path;                // absolute, without links
  std::vector<std::string> paths;  // of a file: its name
};

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (!real) throw_errno(errno, "realpath", escape_name(path));
  return real.get();
}

Source open_source_of(const Repository& repository, const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) throw_errno(errno, "stat", escape_name(path));
  struct stat target {};
  Source source;
  if (::stat(path.c_str(), &target) == 0 && S_ISDIR(target.st_mode)) {
    source.path = real_path(path);
    source.directory = open_readonly(AT_FDCWD, source.path, O_DIRECTORY);
  } else {
    const std::size_t slash = path.rfind('/');
    const std::string parent = real_path(slash == 0 ? "/" : path.substr(0, slash));
    source.paths = {path.substr(slash + 1)};
    source.path = parent + "/" + source.paths[0];
    source.directory = open_readonly(AT_FDCWD, parent, O_DIRECTORY);
  }
  // A directory that may be listed but not searched shows names alone: nothing in it can be read.
  if (::faccessat(source.directory.get(), ".", X_OK, AT_EACCESS) != 0) throw_errno(errno, "search", escape_name(path));
  const StatKey folder = key_of_stat(stat_fd(source.directory.get(), source.path));
  const StatKey own = key_of_stat(stat_fd(repository.fd(), repository.path()));
  if (folder.inode == own.inode && folder.device == own.device)
    throw Error(ErrorKind::usage, fmt::format("{}: is the repository itself", escape_name(path)));
  return source;
}

/// An id of an earlier run counts only if its object is still there: then, by closure, all below it is.
void forget_unknown_trees(const Workspace& workspace, Index& index) {
  Index::Batch batch = index.begin();
  for (Index::Cursor at = index.seek(""); !at.at_end();) {
    const IndexEntry& entry = at.entry();
    const ObjectStore& objects = workspace.objects();
    const bool known =
        entry.kind == EntryKind::directory && !entry.id.is_zero() &&
        objects.known_for_deduplication({ObjectType::tree, entry.id}) &&
        (entry.attributes.is_zero() || objects.known_for_deduplication({ObjectType::attributes, entry.attributes}));
    if (known) {
      if (entry.path.empty()) break;
      at.next_sibling();
      continue;
    }
    if (entry.kind == EntryKind::directory && !entry.id.is_zero()) {
      IndexEntry forgotten = entry;
      forgotten.id = {};
      forgotten.attributes = {};
      batch.put(forgotten);
    }
    at.next();
  }
  batch.commit(false);
}

class Save {
 public:
  Save(Workspace& workspace, const SaveOptions& options)
      : workspace_(workspace),
        options_(options),
        object_(commit_from(workspace, options.commit)),
        branch_(full_name(k_heads, options.branch)),
        deadline_(std::chrono::steady_clock::now() + std::chrono::milliseconds(workspace.env().lock_timeout_ms)) {
    if (options.tag) tag_ = full_name(k_tags, *options.tag);
  }

  CommitResult run() {
    const auto started = std::chrono::steady_clock::now();
    check_refs();
    result_.branch = options_.branch;
    Source source;
    if (!options_.path.empty() && !open_source(source)) {
      report_tip();
      return std::move(result_);
    }
    record_left_behind(workspace_);
    Session session = Session::open(workspace_.repository(), workspace_.env().command, workspace_.lock_wait());
    session.directory_fd();  // refuses a full disk
    std::vector<DeadSession> dead = adopt_interrupted(workspace_);
    {
      SaveIndex remembered(workspace_, source.path.empty() ? std::nullopt : std::optional(source.path));
      const bool complete = source.path.empty() ? read_streams(session, remembered.index())
                                                : read_source(source, session, dead, remembered.index());
      if (complete && !(options_.strict && !result_.failed.empty())) commit_index(session, remembered.index());
      else report_tip();
    }
    if (result_.committed) result_.merged_bytes = keep_house(workspace_, session);
    leave(session);
    forget_interrupted(workspace_.repository(), std::move(dead));
    result_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return std::move(result_);
  }

 private:
  /// Refused before anything is read, and again whenever the branch turns out to have moved.
  void check_refs() const {
    if (workspace_.has_worktree() && workspace_.refs().head().branch == branch_)
      throw Error(ErrorKind::conflict, fmt::format("branch {}: is checked out in {}", escape_name(options_.branch),
                                                   escape_name(workspace_.worktree_path())),
                  "another branch, or store add and store commit");
    if (!tag_.empty() && workspace_.refs().read(tag_))
      throw Error(ErrorKind::exists, fmt::format("tag {}: exists", escape_name(*options_.tag)));
  }

  /// What cannot be read at all is no empty directory: it is named, and nothing is saved.
  bool open_source(Source& source) {
    try {
      source = open_source_of(workspace_.repository(), options_.path);
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::permission || error.errno_value() == 0) throw;
      result_.failed.push_back({options_.path, error.message()});
      return false;
    }
  }

  /// False for a file that could not be read.
  bool read_source(const Source& source, Session& session, const std::vector<DeadSession>& dead, Index& index) {
    AddOptions add = options_.add;
    add.snapshot = true;
    for (const std::string& name : source.paths) add.paths.push_back(Pathspec::exactly(name));
    add.paths_from_file = !source.paths.empty();
    add.force = !source.paths.empty();
    AddResult staged = stage(workspace_, StageTarget{source.directory.get(), index, session, dead}, std::move(add));
    read_ = staged.totals;
    result_.failed = std::move(staged.failed);
    return source.paths.empty() || index.find(source.paths.front());
  }

  bool read_streams(const Session& session, Index& index) {
    if (Progress* progress = workspace_.env().progress) progress->enter(Stage::ingest);
    EntrySorter entries(workspace_.repository().fs(), session);
    Publisher publisher(workspace_.repository(), workspace_.objects(), session, workspace_.lock_wait(), sync());
    StreamPorts ports;
    ports.entries = &entries;
    ports.publisher = &publisher;
    ports.check = [](const std::string&, EntryKind) {};
    ports.tracked = [&index](const std::string& path) { return index.find(path); };
    ports.accept = [this](const ScanEntry& member) { return !is_excluded(member, options_.add.exclude); };
    StreamsResult streams = ingest_streams(workspace_, options_.add.streams, ports);
    result_.failed = std::move(streams.failed);
    if (!streams.complete) return false;
    read_ = streams.totals;
    read_.stored_bytes += publisher.finish(std::nullopt).stored_bytes;
    AddResult staged;
    stage_streamed(workspace_, index, entries, staged);
    return true;
  }

  void commit_index(const Session& session, Index& index) {
    if (Progress* progress = workspace_.env().progress) progress->enter(Stage::commit);
    forget_unknown_trees(workspace_, index);
    begin_publishing(session);
    const IndexSummary summary = index_summary(index);
    const AttributesPolicy policy = attributes_policy(workspace_);
    if (policy.selection.hardlinks && summary.any_linked) resolve_hard_links(index, false);
    const IndexTree tree = write_index_tree(index, *writer_, policy);
    result_.tree = object_.tree = tree.id;
    object_.attributes = tree.attributes;
    result_.failed.insert(result_.failed.end(), tree.incomplete.begin(), tree.incomplete.end());
    record_trees(index, tree, false);  // before they are published: whoever uses them looks them up
    while (!try_commit()) {
      workspace_.check_cancelled();
      if (std::chrono::steady_clock::now() > deadline_)
        throw Error(ErrorKind::conflict, fmt::format("branch {}: moved again and again while this was to be saved",
                                                     escape_name(options_.branch)), "a longer --lock-timeout");
      check_refs();
      begin_publishing(session);
    }
    add_totals(summary);
  }

  void begin_publishing(const Session& session) {
    writer_.reset();
    publisher_.emplace(workspace_.repository(), workspace_.objects(), session, workspace_.lock_wait(), sync());
    writer_.emplace(workspace_.objects(), *publisher_, compression_options(workspace_.settings()));
  }

  /// False if the branch moved: then only the commit object is made again.
  bool try_commit() {
    const std::optional<ObjectId> tip = tip_of_branch();
    std::optional<Commit> parent;
    if (tip) parent = read_commit(workspace_.objects(), *tip);
    if (parent && parent->tree == result_.tree && options_.commit.skip_if_unchanged) {
      writer_->flush();
      read_.stored_bytes += publisher_->finish(std::nullopt).stored_bytes;
      result_.id = *tip;
      result_.parents = parent->parents;
      return tag_.empty() || move_refs({{tag_, std::nullopt, RefValue{*tip, {}}}});
    }
    object_.parents.clear();
    if (tip) object_.parents = {*tip};
    const std::string text = encode_commit(object_);
    result_.id = commit_id(text);
    writer_->put({ObjectType::commit, result_.id}, as_bytes(text));
    writer_->flush();
    read_.stored_bytes += publisher_->finish(result_.id).stored_bytes;
    std::vector<RefChange> changes{{branch_, tip ? std::optional(RefValue{*tip, {}}) : std::nullopt, RefValue{result_.id, {}}}};
    if (!tag_.empty()) changes.push_back({tag_, std::nullopt, RefValue{result_.id, {}}});
    if (!move_refs(std::move(changes))) return false;
    result_.committed = true;
    result_.root = !parent;
    result_.parents = object_.parents;
    result_.subject = std::string(object_.subject());
    parent_tree_ = parent ? std::optional(parent->tree) : std::nullopt;
    return true;
  }

  std::optional<ObjectId> tip_of_branch() const {
    const std::optional<RefValue> value = workspace_.refs().read(branch_);
    return value ? value->id : std::nullopt;
  }

  bool move_refs(std::vector<RefChange> changes) {
    const Environment& env = workspace_.env();
    OplogRecord record;
    record.command = env.command;
    record.time = {env.now_seconds, local_zone_minutes(env.now_seconds)};
    record.changes = std::move(changes);
    try {
      workspace_.refs().update(record, workspace_.lock_wait());
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::conflict) throw;
      return false;
    }
  }

  void add_totals(const IndexSummary& whole) {
    result_.totals = whole.totals;
    add_reading(result_.totals, read_);
    result_.totals.new_chunks = read_.new_chunks;
    result_.totals.new_bytes = read_.new_bytes;
    result_.totals.stored_bytes = read_.stored_bytes;
    if (result_.committed) result_.changes = summarize(workspace_, parent_tree_, result_.tree, whole.contents);
  }

  /// Nothing is committed: the branch is where it was.
  void report_tip() {
    if (const std::optional<ObjectId> tip = tip_of_branch()) result_.id = *tip;
  }

  /// The work is done: what stays of a session is removed by the next writer.
  static void leave(Session& session) {
    try {
      session.remove();
    } catch (const std::exception&) {
    }
  }

  bool sync() const { return workspace_.settings().core.fsync; }

  Workspace& workspace_;
  const SaveOptions& options_;
  Commit object_;
  std::string branch_;
  std::string tag_;  // "": none
  std::chrono::steady_clock::time_point deadline_;
  CommitResult result_;
  IngestTotals read_;
  std::optional<Publisher> publisher_;
  std::optional<ObjectWriter> writer_;
  std::optional<ObjectId> parent_tree_;
};

}  // namespace

CommitResult save(Workspace& workspace, const SaveOptions& options) { return Save(workspace, options).run(); }

}  // namespace store
