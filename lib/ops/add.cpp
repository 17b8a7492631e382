#include "ops/add.h"

#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "ops/exclude.h"
#include "ops/merge_state.h"
#include "ops/permissions.h"
#include "ops/staging.h"

namespace store {
namespace {

/// A stream is for what is not in the working tree: a file that is there is added by its name, or is in the way.
void check_free(const Workspace& workspace, const std::string& path, EntryKind kind) {
  for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    const std::optional<ScanEntry> above = scan_one(workspace.worktree_fd(), path.substr(0, end));
    if (!above) return;
    if (above->kind != EntryKind::directory)
      throw Error(ErrorKind::exists, fmt::format("{}: {} is a file in the working tree", escape_name(path),
                                                 escape_name(above->path)))
          .with_paths({above->path});
  }
  const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
  if (!found || (kind == EntryKind::directory && found->kind == EntryKind::directory)) return;
  throw Error(ErrorKind::exists, fmt::format("{}: is there in the working tree", escape_name(path)), "another name")
      .with_paths({path});
}

std::optional<IndexEntry> known_directory(const Workspace& workspace, const Index& index, const std::string& path) {
  std::optional<IndexEntry> tracked = index.find(path);
  if (tracked && tracked->kind == EntryKind::directory) {
    tracked->id = {};
    tracked->attributes = {};
    return tracked;
  }
  const std::optional<ScanEntry> found = scan_one(workspace.worktree_fd(), path);
  if (!found || found->kind != EntryKind::directory) return std::nullopt;
  IndexEntry entry;
  entry.path = path;
  entry.kind = EntryKind::directory;
  entry.mode = recorded_mode(found->kind, found->mode, workspace.settings().core.permissions);
  return entry;
}

/// Reads the streams into `entries`; false if nothing may be staged.
bool read_streams(Workspace& workspace, WriteAccess& access, const AddOptions& options, EntrySorter& entries,
                  AddResult& result) {
  if (Progress* progress = workspace.env().progress) progress->enter(Stage::ingest);
  const Index& index = access.index();
  for (const StreamInput& input : options.streams)  // before a program is started for nothing
    if (input.kind == StreamInput::Kind::file) check_free(workspace, input.path, EntryKind::file);
  std::optional<Publisher> publisher;
  if (!options.dry_run)
    publisher.emplace(workspace.repository(), workspace.objects(), access.session(), workspace.lock_wait(),
                      workspace.settings().core.fsync);
  StreamPorts ports;
  ports.entries = &entries;
  ports.publisher = publisher ? &*publisher : nullptr;
  ports.check = [&](const std::string& path, EntryKind kind) { check_free(workspace, path, kind); };
  ports.tracked = [&](const std::string& path) { return index.find(path); };
  ports.accept = [&](const ScanEntry& member) { return !is_excluded(member, options.exclude); };
  ports.directory = [&](const std::string& path) { return known_directory(workspace, index, path); };
  ports.had = [&](const IndexEntry& entry) {
    const std::optional<IndexEntry> before = index.find(entry.path);
    return before && before->kind == entry.kind && before->id == entry.id;
  };
  StreamsResult streams = ingest_streams(workspace, options.streams, ports);
  result.failed = std::move(streams.failed);
  if (!streams.complete) return false;
  result.totals = streams.totals;
  if (publisher) result.totals.stored_bytes += publisher->finish(std::nullopt).stored_bytes;
  return true;
}

/// What was read of the paths, after the streams.
void add_result(AddResult& result, AddResult more) {
  add_counts(result.totals, more.totals);
  result.totals.new_chunks += more.totals.new_chunks;
  result.totals.new_bytes += more.totals.new_bytes;
  result.totals.stored_bytes += more.totals.stored_bytes;
  result.totals.mapped_bytes += more.totals.mapped_bytes;
  result.totals.streamed_bytes += more.totals.streamed_bytes;
  result.deleted += more.deleted;
  result.failed.insert(result.failed.end(), more.failed.begin(), more.failed.end());
  result.ignored = std::move(more.ignored);
}

/// What was staged of a merge's conflicts is how they are settled.
void settle_conflicts(const Workspace& workspace, const AddOptions& options, const AddResult& result) {
  if (options.paths.empty() && !options.all && !options.update) return;  // streams, or an empty list of names
  const PathspecSet paths(options.paths);
  resolve_conflicts(workspace, [&](const std::string& path) {
    for (const PathFailure& failure : result.failed)
      if (failure.path == path) return false;
    return paths.matches(path, EntryKind::file);
  });
}

}  // namespace

AddResult add(Workspace& workspace, const AddOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  workspace.worktree_fd();  // refuses a bare repository before anything is locked
  WriteAccess access(workspace, options.dry_run ? Writes::no : Writes::yes);
  AddResult result;
  EntrySorter entries(workspace.repository().fs(), access.session());
  const bool complete = options.streams.empty() || read_streams(workspace, access, options, entries, result);
  result.staged = complete;
  if (complete && options.covers_paths()) add_result(result, stage(workspace, access, options));
  if (complete && !options.dry_run && !entries.empty()) {
    stage_streamed(workspace, access.index(), entries, result);
    workspace.objects().maintain_tables();
  }
  if (complete && !options.dry_run) settle_conflicts(workspace, options, result);
  access.finish();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return result;
}

}  // namespace store
