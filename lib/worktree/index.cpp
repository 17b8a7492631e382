#include "worktree/index.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "worktree/index_files.h"

namespace store {
namespace {

constexpr std::uint64_t k_base_share = 4;
/// A batch that outgrows this in memory becomes a new base at once; at some 200 bytes a path, 80,000 changes.
constexpr std::uint64_t k_max_batch_memory = 16 * 1024 * 1024;

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::int64_t k_fine_margin = 20'000'000;
constexpr std::int64_t k_coarse_margin = 2 * k_second;

std::uint64_t log_limit(const IndexSnapshot& snapshot) {
  return std::max(Index::k_min_log_limit, snapshot.base_size() / k_base_share);
}

bool is_recent(std::int64_t stamp, std::int64_t now) {
  const std::int64_t margin = stamp % k_second == 0 ? k_coarse_margin : k_fine_margin;
  return stamp > now - margin;
}

}  // namespace

struct Index::State {
  FileSystem& fs;
  int repository_fd;
  std::shared_ptr<const IndexSnapshot> snapshot;

  void reload();
  IndexCursor seek(std::string_view path) const { return IndexCursor(snapshot, path); }
  void append(ByteView batch, bool sync);
  void compact();
};

/// Cursors may hold the old snapshot, so it stays mapped; of its pages, as many as the index has bytes, nothing need stay.
void Index::State::reload() {
  if (snapshot) snapshot->let_go();
  snapshot = IndexSnapshot::load(repository_fd);
}

/// durability.md "Index batch" 1, 3, 4.
void Index::State::append(ByteView batch, bool sync) {
  const ByteView log = snapshot->valid_log();
  if (snapshot->torn_bytes() > 0) replace_index_log(fs, repository_fd, log);
  const bool create = !stat_at(repository_fd, k_index_log);
  const UniqueFd fd = fs.open({repository_fd, k_index_log}, O_WRONLY | O_CREAT);
  if (create)
    sync_directory(fs, {repository_fd, "."});  // once, also without `sync`: a later batch relies on the name
  // Batches that were not synced must be on disk before this one can be, or a crash looks like damage between
  // them.
  if (sync && !log.empty()) fs.fdatasync(fd.get());
  fs.pwrite(fd.get(), batch, log.size());
  if (!sync) return;
  try {
    fs.fdatasync(fd.get());
  } catch (...) {
    // The batch can be read but may be lost later, and no second sync would tell: back to the state before.
    try {
      replace_index_log(fs, repository_fd, log);
    } catch (const std::exception&) {
    }
    throw;
  }
}

/// durability.md "Index batch" 5: base and log become one new base. Harmless at any crash: see index_files.h.
void Index::State::compact() {
  IndexBaseFile base(fs, repository_fd);
  for (IndexCursor cursor = seek(""); !cursor.at_end(); cursor.next()) base.add(cursor.entry());
  base.publish();
  replace_index_log(fs, repository_fd, {});
  reload();
}

Index::Index(FileSystem& fs, int repository_fd)
    : state_(std::make_unique<State>(State{.fs = fs, .repository_fd = repository_fd, .snapshot = nullptr})) {
  state_->reload();
}
Index::~Index() = default;
Index::Index(Index&&) noexcept = default;

std::optional<IndexEntry> Index::find(std::string_view path) const {
  const IndexSnapshot& snapshot = *state_->snapshot;
  const std::size_t at = snapshot.first_change(path);
  if (at < snapshot.changes().size() && snapshot.changes()[at].first == path) {
    IndexEntry entry = decode_index_record(snapshot.changes()[at].second);
    return entry.removed ? std::nullopt : std::optional(std::move(entry));
  }
  const IndexBaseView::Cursor cursor = snapshot.base().seek(path);
  if (cursor.at_end() || cursor.entry().path != path) return std::nullopt;
  return cursor.entry();
}

std::optional<IndexEntry> Index::first_within(std::string_view path) const {
  const IndexSnapshot& snapshot = *state_->snapshot;
  const std::size_t at = snapshot.first_change(path);
  const bool changed = at < snapshot.changes().size() && is_within(snapshot.changes()[at].first, path);
  if (!changed) return snapshot.base().first_within(path);
  if (snapshot.changes()[at].first == path)
    if (IndexEntry entry = decode_index_record(snapshot.changes()[at].second); !entry.removed) return entry;
  const IndexCursor cursor = state_->seek(path);
  return !cursor.at_end() && is_within(cursor.entry().path, path) ? std::optional(cursor.entry()) : std::nullopt;
}

bool Index::contains_within(std::string_view path) const { return first_within(path).has_value(); }

bool Index::tracks(std::string_view path, EntryKind kind) const {
  const std::optional<IndexEntry> first = first_within(path);
  if (!first) return false;
  const bool directory = first->path != path || first->kind == EntryKind::directory;
  return directory == (kind == EntryKind::directory);
}

bool Index::empty() const { return state_->seek("").at_end(); }

std::uint64_t Index::torn_bytes() const { return state_->snapshot->torn_bytes(); }

// --- Cursor ---

struct Index::Cursor::State {
  IndexCursor cursor;
};
Index::Cursor::Cursor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Index::Cursor::Cursor(Cursor&&) noexcept = default;
Index::Cursor& Index::Cursor::operator=(Cursor&&) noexcept = default;
Index::Cursor::~Cursor() = default;
bool Index::Cursor::at_end() const { return state_->cursor.at_end(); }
const IndexEntry& Index::Cursor::entry() const { return state_->cursor.entry(); }
void Index::Cursor::next() { state_->cursor.next(); }
void Index::Cursor::next_sibling() { state_->cursor.next_sibling(); }

Index::Cursor Index::seek(std::string_view path) const {
  return Cursor(std::make_unique<Cursor::State>(Cursor::State{state_->seek(path)}));
}

// --- Batch ---

/// A batch is gathered in memory and appended to the log in one go. One that grows too large is merged into a
/// new base while it comes in: it would make the log so long that the base is rewritten anyway, and this way
/// costs no memory and no second write. The rename of the base commits it; the log is empty then, so nothing
/// older can be applied on top.
struct Index::Batch::State {
  explicit State(Index::State& owner)
      : index(owner), limit(std::min(log_limit(*index.snapshot), k_max_batch_memory)), writer(bytes) {}

  void change(const IndexEntry& entry);
  void become_base();
  void merge(const IndexEntry& entry);
  void commit_base();

  Index::State& index;
  const std::uint64_t limit;
  Bytes bytes;
  IndexBatchWriter writer;
  std::string last_path;
  bool empty = true;
  std::optional<IndexCursor> old;  // with `base`: what of the state before has not been merged
  std::unique_ptr<IndexBaseFile> base;
};

void Index::Batch::State::change(const IndexEntry& entry) {
  if (!empty && compare_paths(last_path, entry.path) >= 0)
    throw Error(ErrorKind::bug, fmt::format("index batch: \"{}\" does not come behind \"{}\"",
                                            escape_name(entry.path), escape_name(last_path)));
  empty = false;
  last_path = entry.path;
  if (base) {
    merge(entry);
    return;
  }
  writer.add(entry);
  if (bytes.size() > limit) become_base();
}

void Index::Batch::State::become_base() {
  // The log has to be empty before the base changes: it would hide the new base's entries after a crash.
  if (!index.snapshot->valid_log().empty())
    index.compact();
  else if (index.snapshot->torn_bytes() > 0)
    replace_index_log(index.fs, index.repository_fd, {});
  old.emplace(index.seek(""));
  base = std::make_unique<IndexBaseFile>(index.fs, index.repository_fd);
  writer.finish();
  const std::optional<IndexBatch> batch = read_index_batch(bytes);
  if (!batch) throw Error(ErrorKind::bug, "index batch: cannot be read back");
  for (const auto& [path, record] : batch->records) merge(decode_index_record(record));
  bytes = {};
}

void Index::Batch::State::merge(const IndexEntry& entry) {
  for (; !old->at_end(); old->next()) {
    const auto order = compare_paths(old->entry().path, entry.path);
    if (order > 0) break;
    if (order < 0) base->add(old->entry());
  }
  if (!entry.removed) base->add(entry);
}

void Index::Batch::State::commit_base() {
  for (; !old->at_end(); old->next()) base->add(old->entry());
  base->publish();
  index.reload();
}

Index::Batch::Batch(std::unique_ptr<State> state) : state_(std::move(state)) {}
Index::Batch::Batch(Batch&&) noexcept = default;
Index::Batch::~Batch() = default;

void Index::Batch::put(const IndexEntry& entry) { state_->change(entry); }

void Index::Batch::remove(const std::string& path) {
  IndexEntry entry;
  entry.path = path;
  entry.removed = true;
  state_->change(entry);
}

void Index::Batch::commit(bool sync) {
  const std::unique_ptr<State> state = std::move(state_);
  if (!state) throw Error(ErrorKind::bug, "index batch: committed twice");
  if (state->empty) return;
  if (state->base) {
    state->commit_base();
    return;
  }
  Index::State& index = state->index;
  state->writer.finish();
  index.append(state->bytes, sync);
  state->bytes = {};  // as long as the log, which is read now
  index.reload();
  if (index.snapshot->valid_log().size() > log_limit(*index.snapshot)) index.compact();
}

void Index::sync_log() const {
  if (!stat_at(state_->repository_fd, k_index_log)) return;
  state_->fs.fdatasync(state_->fs.open({state_->repository_fd, k_index_log}, O_WRONLY).get());
}

Index::Batch Index::begin() {
  if (!state_->snapshot->is_current(state_->repository_fd))
    state_->reload();  // opened before the lock was taken
  remove_index_leftovers(state_->fs, state_->repository_fd);
  return Batch(std::make_unique<Batch::State>(*state_));
}

bool is_racy(const StatKey& stat, std::int64_t read_started_ns) {
  // A modification time far ahead was set by somebody; writing would set another one. The change time is the kernel's: one
  // ahead is a clock that disagrees.
  const bool ahead = stat.mtime_ns > read_started_ns + k_coarse_margin;
  return (!ahead && is_recent(stat.mtime_ns, read_started_ns)) || is_recent(stat.ctime_ns, read_started_ns);
}

}  // namespace store
