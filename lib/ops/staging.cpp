#include "ops/staging.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/path.h"
#include "base/text.h"
#include "ops/index_attributes.h"
#include "ops/metadata.h"
#include "ops/size_classes.h"
#include "ops/stage_paths.h"
#include "ops/stage_walk.h"
#include "pipeline/resume.h"

namespace store {
namespace {

/// Takes results in path order into the index. A directory above something that changed loses its tree id in the same batch;
/// batches are in path order too, so that happens right before the first change below it.
class IndexUpdate {
 public:
  IndexUpdate(const Index& index, Index::Batch* batch) : index_(index), batch_(batch) {}

  void apply(const IndexEntry& entry) {
    const std::optional<IndexEntry> before = index_.find(entry.path);
    if (entry.removed && !before) return;
    if (entry.removed) count_deleted(*before);
    if (batch_ != nullptr) write(entry, before);
    if (!entry.removed && entry.kind == EntryKind::directory) note_directory(entry.path);
    else if (before && before->kind == EntryKind::directory) clear_below(entry.path);
  }

  /// Same content, other stat or attributes: in a batch of its own, since no tree changes by it.
  const std::vector<IndexEntry>& refreshed() const { return refreshed_; }

  /// True if this content was in the index at this path before.
  bool had(const IndexEntry& entry) const {
    const std::optional<IndexEntry> before = index_.find(entry.path);
    return before && before->kind == entry.kind && before->id == entry.id;
  }

  /// False for what would stand below something that is no directory: that was exchanged while the tree was walked.
  bool has_place(const IndexEntry& entry) {
    if (placeless_ && entry.path != *placeless_ && is_within(entry.path, *placeless_)) return false;
    const std::string_view parent = parent_path(entry.path);
    if (entry.removed || is_directory(parent)) return true;
    placeless_ = parent;
    return false;
  }
  std::uint64_t deleted() const { return deleted_; }

 private:
  static constexpr std::size_t k_max_refreshed = 64 * 1024;

  void write(const IndexEntry& entry, const std::optional<IndexEntry>& before) {
    const bool same = before && !entry.removed && before->kind == entry.kind &&
                      (before->mode == entry.mode || entry.path.empty()) &&  // the root's mode is not content
                      before->size == entry.size && before->id == entry.id;
    if (same && refreshed_.size() < k_max_refreshed) {
      refreshed_.push_back(entry);
      return;
    }
    invalidate_above(entry.path);
    if (entry.removed) batch_->remove(entry.path);
    else put(entry);
    if (entry.kind == EntryKind::directory || before.value_or(entry).kind == EntryKind::directory)
      settled_.push_back(entry.path);
  }

  void put(const IndexEntry& entry) {
    if (entry.kind != EntryKind::directory || entry.id.is_zero()) return batch_->put(entry);
    IndexEntry unknown = entry;  // what follows may change it
    unknown.id = {};
    unknown.attributes = {};
    batch_->put(unknown);
  }

  void note_directory(const std::string& path) {
    while (!staged_above_.empty() && !is_within(path, staged_above_.back())) staged_above_.pop_back();
    staged_above_.push_back(path);
  }

  /// As of this batch. Asked for nothing below what is a directory no more.
  bool is_directory(std::string_view path) {
    if (path.empty() || path == known_directory_) return true;
    const bool staged = std::find(staged_above_.begin(), staged_above_.end(), path) != staged_above_.end();
    if (!staged) {
      const std::optional<IndexEntry> entry = index_.find(path);
      if (!entry || entry->kind != EntryKind::directory) return false;
    }
    known_directory_ = path;
    return true;
  }

  /// Nothing can be tracked below what is a directory no more, whatever the walk may say of it later.
  void clear_below(const std::string& path) {
    for (Index::Cursor below = index_.seek(path); !below.at_end() && is_within(below.entry().path, path); below.next()) {
      if (below.entry().path == path) continue;
      count_deleted(below.entry());
      if (batch_ != nullptr) batch_->remove(below.entry().path);
    }
    placeless_ = path;
  }

  /// As a commit counts: a directory that goes with something in it shows by that.
  void count_deleted(const IndexEntry& entry) {
    if (entry.kind == EntryKind::directory) {
      Index::Cursor below = index_.seek(entry.path);
      if (!below.at_end()) below.next();  // itself
      if (!below.at_end() && is_within(below.entry().path, entry.path)) return;
    }
    ++deleted_;
  }

  void invalidate_above(const std::string& path) {
    while (!settled_.empty() && !is_within(path, settled_.back())) settled_.pop_back();
    if (path.empty()) return;
    std::size_t end = settled_.empty() ? 0 : settled_.back().size() + 1;
    if (settled_.empty()) {
      invalidate("");
    } else if (settled_.back().empty()) {
      end = 0;
    }
    for (end = path.find('/', end); end != std::string::npos; end = path.find('/', end + 1))
      invalidate(path.substr(0, end));
  }

  void invalidate(const std::string& directory) {
    settled_.push_back(directory);
    std::optional<IndexEntry> entry = index_.find(directory);
    if (!entry && directory.empty()) entry = root_index_entry();
    else if (!entry || entry->kind != EntryKind::directory || entry->id.is_zero()) return;
    entry->id = {};
    entry->attributes = {};
    batch_->put(*entry);
  }

  const Index& index_;
  Index::Batch* batch_;
  std::vector<std::string> settled_;  // directories above the last path that are dealt with, outermost first
  std::vector<IndexEntry> refreshed_;
  std::vector<std::string> staged_above_;  // directories of this batch, outermost first
  std::string known_directory_;
  std::optional<std::string> placeless_;  // what is below it has no place
  std::uint64_t deleted_ = 0;
};

/// Somebody who watches is told first how much there is to do.
void begin_progress(const Workspace& workspace, StageWalk& walk) {
  Progress* progress = workspace.env().progress;
  if (progress == nullptr) return;
  if (!progress->totals_wanted) {
    progress->enter(Stage::ingest);
    return;
  }
  progress->enter(Stage::scan);
  const StageWalk::Extent extent = walk.measure();
  progress->files_total = extent.files;
  progress->bytes_total = extent.bytes;
  progress->enter(Stage::ingest);
  progress->files_total = extent.files;
  progress->bytes_total = extent.bytes;
}

/// The walk is through: what it came by is the total.
void show_totals(const Workspace& workspace, const StageWalk::Extent& seen) {
  Progress* progress = workspace.env().progress;
  if (progress == nullptr) return;
  progress->files_total = seen.files;
  progress->bytes_total = seen.bytes;
}

/// One pass over the paths. Returns the files that changed while they were read and are worth another attempt; without
/// `again` they are recorded as they were read, and reported.
enum class Again : bool { no, yes };
std::vector<std::string> stage_once(Workspace& workspace, const StageTarget& target, const AddOptions& options,
                                    JournalWriter* journal, StageWalk& walk, ResumeJournals& resume, Again again,
                                    AddResult& result) {
  Index& index = target.index;
  const bool sync = workspace.settings().core.fsync;
  std::optional<Index::Batch> batch;
  std::optional<Publisher> publisher;
  if (!options.dry_run) {
    batch.emplace(index.begin());
    publisher.emplace(workspace.repository(), workspace.objects(), target.session, workspace.lock_wait(), sync);
  }
  IndexUpdate update(index, batch ? &*batch : nullptr);
  IngestTotals read;
  std::vector<std::string> changed;
  IngestPorts ports;
  ports.next = [&] {
    std::optional<IngestInput> input = walk.next();
    if (!input) show_totals(workspace, walk.seen());
    return input;
  };
  ports.done = [&](const IngestResult& one) {
    if (!update.has_place(one.entry)) {
      if (!one.entry.removed) result.failed.push_back({one.entry.path, "its directory is no directory any more"});
      return;
    }
    if (one.read && is_regular(one.entry.kind)) {
      ++read.files;
      read.bytes += one.entry.size;
      read.chunks += one.entry.chunks;
      read.unchanged_files += one.known && (one.entry.size != 0 || update.had(one.entry));
    }
    update.apply(one.entry);
  };
  ports.failed = [&](PathFailure failure) { result.failed.push_back(std::move(failure)); };
  if (again == Again::yes) ports.changed = [&](const std::string& path) { changed.push_back(path); };
  ports.publisher = publisher ? &*publisher : nullptr;
  ports.journal = journal;
  ports.resume = &resume;
  ports.forget_failed = options.snapshot;
  const IngestTotals ingested = ingest(target.root_fd, workspace.objects(), ports, ingest_options(workspace));
  result.totals.stored_bytes += ingested.stored_bytes;
  if (publisher) {
    result.totals.stored_bytes += publisher->finish(std::nullopt).stored_bytes;
    batch->commit(sync);
    record_refreshed(index, update.refreshed(), sync);
  }
  result.totals.new_chunks += ingested.new_chunks;
  result.totals.new_bytes += ingested.new_bytes;
  result.totals.mapped_bytes += ingested.mapped_bytes;
  result.totals.streamed_bytes += ingested.streamed_bytes;
  read.cache_misses = read.files;
  add_counts(result.totals, read);
  add_counts(result.totals, walk.totals());
  result.deleted += update.deleted();
  result.failed.insert(result.failed.end(), walk.failures().begin(), walk.failures().end());
  return changed;
}

}  // namespace

void add_counts(IngestTotals& totals, const IngestTotals& more) {
  totals.files += more.files;
  totals.bytes += more.bytes;
  totals.unchanged_files += more.unchanged_files;
  totals.directories += more.directories;
  totals.symlinks += more.symlinks;
  totals.chunks += more.chunks;
  totals.cache_hits += more.cache_hits;
  totals.cache_misses += more.cache_misses;
}

CompressionOptions compression_options(const Settings& settings) {
  CompressionOptions options;
  options.level = settings.core.compression != 0 ? std::optional(settings.core.compression) : std::nullopt;
  options.threshold = static_cast<std::uint32_t>(settings.performance.compression_threshold);
  return options;
}

IngestOptions ingest_options(const Workspace& workspace) {
  const Settings& settings = workspace.settings();
  IngestOptions options;
  options.chunking = ChunkParameters::for_average(settings.chunking.avg, settings.chunking.min, settings.chunking.max);
  options.inline_threshold = std::min<std::uint64_t>(settings.core.inline_threshold, options.chunking.max);
  options.largest_chunk = SizeClasses(settings).largest_chunk();
  options.compression = compression_options(settings);
  options.threads = workspace.threads();
  options.memory = settings.performance.max_memory_usage;
  options.batch_files = settings.performance.batch_size;
  options.window = settings.performance.buffer_size;
  options.memory_map_threshold = settings.performance.memory_map_threshold;
  options.read_ahead = settings.performance.async_io;
  options.metadata = metadata_selection(settings);
  options.cancel = workspace.env().cancel;
  options.progress = workspace.env().progress;
  return options;
}

void stage_streamed(const Workspace& workspace, Index& index, EntrySorter& entries, AddResult& result) {
  Index::Batch batch = index.begin();
  IndexUpdate update(index, &batch);
  entries.visit([&](const IndexEntry& entry) { update.apply(entry); });
  batch.commit(workspace.settings().core.fsync);
  record_refreshed(index, update.refreshed(), workspace.settings().core.fsync);
  result.deleted += update.deleted();
}

namespace {

/// Whether paths select something by themselves; exclusions alone would mean everything else.
bool names_any(const std::vector<Pathspec>& paths) {
  return std::any_of(paths.begin(), paths.end(), [](const Pathspec& spec) { return !spec.exclude; });
}

void note_left_copies(const Workspace& workspace, const std::vector<std::string>& copies) {
  if (copies.empty()) return;
  const std::string more = copies.size() == 1 ? "is" : fmt::format("and {} more are", copies.size() - 1);
  workspace.warn("merge_copy", fmt::format("{} {} left out: what merge put beside a conflict is to be deleted, or added by its name",
                                           escape_name(copies.front()), more));
}

}  // namespace

AddResult stage(Workspace& workspace, WriteAccess& access, AddOptions options) {
  return stage(workspace, {workspace.worktree_fd(), access.index(), access.session(), access.adopted()}, std::move(options));
}

AddResult stage(Workspace& workspace, const StageTarget& target, AddOptions options) {
  constexpr int k_attempts = 3;
  const auto started = std::chrono::steady_clock::now();
  AddResult result;
  const bool by_name = names_any(options.paths);
  check_paths_exist(target.root_fd, target.index, options, result.failed);
  if (!options.snapshot) leave_out_ignored(workspace, target.index, options, result.ignored);
  if (by_name && !names_any(options.paths)) return result;
  ResumeJournals resume(target.adopted);
  std::optional<JournalWriter> journal;
  if (!options.dry_run) journal.emplace(target.session.create_journal());
  for (int attempt = 1; attempt <= k_attempts; ++attempt) {
    StageWalk walk(workspace, target, options, &resume);
    if (attempt == 1) begin_progress(workspace, walk);
    const std::vector<std::string> changed =
        stage_once(workspace, target, options, journal ? &*journal : nullptr, walk, resume,
                   attempt < k_attempts ? Again::yes : Again::no, result);
    note_left_copies(workspace, walk.left_copies());
    if (changed.empty()) break;
    options.paths.clear();
    for (const std::string& path : changed) options.paths.push_back(Pathspec::exactly(path));
    // The paths of another attempt are names, not patterns, and one of them may be gone by now.
    options.paths_from_file = true;
  }
  if (!options.dry_run) workspace.objects().maintain_tables();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return result;
}

}  // namespace store
