#include "ops/staging.h"

#include <chrono>
#include <map>
#include <set>

#include "base/path.h"
#include "ops/stage_walk.h"
#include "pipeline/resume.h"

namespace store {
namespace {

/// Takes results in path order into the index, and keeps track of the directories whose tree is no longer known.
class IndexUpdate {
 public:
  IndexUpdate(const Index& index, Index::Batch* batch) : index_(index), batch_(batch) {}

  void apply(const IndexEntry& entry) {
    const std::optional<IndexEntry> before = index_.find(entry.path);
    if (entry.removed && !before) return;
    if (before && before->kind == EntryKind::directory && (entry.removed || entry.kind != EntryKind::directory))
      gone_directories_.insert(entry.path);
    if (entry.removed) ++deleted_;
    const bool same = before && !entry.removed && before->kind == entry.kind && before->mode == entry.mode &&
                      before->size == entry.size && before->id == entry.id;
    if (!same) mark_ancestors(entry.path);
    if (batch_ == nullptr) return;
    if (entry.removed) batch_->remove(entry.path);
    else batch_->put(entry);
  }

  /// The tree ids of directories above what changed are forgotten, in the same batch.
  void finish() {
    if (batch_ == nullptr) return;
    for (auto& [path, entry] : dirty_) {
      if (gone_directories_.contains(path)) continue;
      entry.id = {};
      entry.attributes = {};
      batch_->put(entry);
    }
  }

  /// True if this content was in the index at this path before.
  bool had(const IndexEntry& entry) const {
    const std::optional<IndexEntry> before = index_.find(entry.path);
    return before && before->kind == entry.kind && before->id == entry.id;
  }
  std::uint64_t deleted() const { return deleted_; }

 private:
  void mark_ancestors(const std::string& path) {
    std::string_view directory = path;
    while (!directory.empty()) {
      directory = parent_path(directory);
      if (marked_ == directory && marked_any_) return;
      if (dirty_.contains(std::string(directory))) break;
      const std::optional<IndexEntry> entry = index_.find(directory);
      if (entry && entry->kind == EntryKind::directory && !entry->id.is_zero())
        dirty_.emplace(std::string(directory), *entry);
    }
    marked_ = parent_path(path);
    marked_any_ = true;
  }

  const Index& index_;
  Index::Batch* batch_;
  std::map<std::string, IndexEntry> dirty_;
  std::set<std::string> gone_directories_;
  std::string marked_;
  bool marked_any_ = false;
  std::uint64_t deleted_ = 0;
};

void add_walk_totals(IngestTotals& totals, const IngestTotals& walk) {
  totals.files += walk.files;
  totals.bytes += walk.bytes;
  totals.unchanged_files += walk.unchanged_files;
  totals.directories += walk.directories;
  totals.symlinks += walk.symlinks;
  totals.chunks += walk.chunks;
  totals.cache_hits += walk.cache_hits;
}

/// What the files that were read add to the figures.
struct ReadTotals {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t chunks = 0;
  std::uint64_t known = 0;
};

IndexEntry root_entry() {
  IndexEntry root;
  root.kind = EntryKind::directory;
  root.mode = 0755;
  return root;
}

}  // namespace

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
  options.compression = compression_options(settings);
  options.threads = workspace.threads();
  options.memory = settings.performance.max_memory_usage;
  options.batch_files = settings.performance.batch_size;
  options.window = settings.performance.buffer_size;
  options.memory_map_threshold = settings.performance.memory_map_threshold;
  options.read_ahead = settings.performance.async_io;
  options.cancel = workspace.env().cancel;
  options.progress = workspace.env().progress;
  return options;
}

AddResult stage(Workspace& workspace, WriteAccess& access, AddOptions options) {
  const auto started = std::chrono::steady_clock::now();
  AddResult result;
  Index& index = access.index();
  check_paths_exist(workspace, index, options, result.failed);
  if (workspace.env().progress != nullptr) workspace.env().progress->enter(Stage::ingest);

  ResumeJournals resume(access.adopted());
  StageWalk walk(workspace, index, options, &resume);
  std::optional<Index::Batch> batch;
  std::optional<Publisher> publisher;
  std::optional<JournalWriter> journal;
  if (!options.dry_run) {
    batch.emplace(index.begin());
    publisher.emplace(workspace.repository(), workspace.objects(), access.session(), workspace.lock_wait(),
                      workspace.settings().core.fsync);
    journal.emplace(access.session().create_journal());
    if (!index.find("")) batch->put(root_entry());
  }

  IndexUpdate update(index, batch ? &*batch : nullptr);
  ReadTotals read;
  const auto done = [&](const IngestResult& one) {
    if (one.read && is_regular(one.entry.kind)) {
      ++read.files;
      read.bytes += one.entry.size;
      read.chunks += one.entry.chunks;
      read.known += one.known && (one.entry.size != 0 || update.had(one.entry));
    }
    update.apply(one.entry);
  };
  const IngestPorts ports{.next = [&] { return walk.next(); },
                          .done = done,
                          .failed = [&](PathFailure failure) { result.failed.push_back(std::move(failure)); },
                          .publisher = publisher ? &*publisher : nullptr,
                          .journal = journal ? &*journal : nullptr,
                          .resume = &resume};
  result.totals = ingest(workspace.worktree_fd(), workspace.objects(), ports, ingest_options(workspace));

  if (publisher) {
    result.totals.stored_bytes = publisher->finish(std::nullopt).stored_bytes;
    update.finish();
    batch->commit(workspace.settings().core.fsync);
    workspace.objects().maintain_tables();
  }
  add_walk_totals(result.totals, walk.totals());
  result.totals.files += read.files;
  result.totals.bytes += read.bytes;
  result.totals.chunks += read.chunks;
  result.totals.unchanged_files += read.known;
  result.totals.cache_misses += read.files;
  result.deleted = update.deleted();
  result.failed.insert(result.failed.end(), walk.failures().begin(), walk.failures().end());
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return result;
}

}  // namespace store
