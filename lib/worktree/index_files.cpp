#include "worktree/index_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"

namespace store {
namespace {

// The lock makes these names ours.
constexpr const char* k_base_temporary = "index.base.tmp";
constexpr const char* k_log_temporary = "index.log.tmp";
constexpr std::size_t k_write_buffer = 64 * 1024;
/// Each attempt fails only if a writer replaced the log in its few microseconds.
constexpr int k_attempts = 100;
/// next_sibling() steps over this many entries before it searches.
constexpr int k_steps = 16;
constexpr std::size_t k_steps_held = 16 * 1024;
/// A search touches as much of the index.
constexpr std::size_t k_steps_of_a_search = 1024;

struct OpenFile {
  std::optional<UniqueFd> fd;
  FileIdentity identity;
};

FileIdentity identity_of(const struct stat& info) {
  return {.device = info.st_dev, .inode = info.st_ino, .size = static_cast<std::uint64_t>(info.st_size)};
}

FileIdentity identity_at(int repository_fd, const char* name) {
  const std::optional<struct stat> info = stat_at(repository_fd, name);
  return info ? identity_of(*info) : FileIdentity{};
}

OpenFile open_file(int repository_fd, const char* name) {
  OpenFile file;
  file.fd = open_if_exists(repository_fd, name);
  if (!file.fd) return file;
  const struct stat info = stat_fd(file.fd->get(), name);
  if (!S_ISREG(info.st_mode)) throw_corrupt(fmt::format("{}: is no regular file", name));
  file.identity = identity_of(info);
  return file;
}

MappedFile map(const OpenFile& file, const char* name) {
  if (!file.fd) return {};
  return MappedFile(file.fd->get(), static_cast<std::size_t>(file.identity.size), name);
}

bool same_file(const FileIdentity& a, const FileIdentity& b) {
  return a.device == b.device && a.inode == b.inode;
}

/// A crash tears only the end; a good batch behind a bad one means that acknowledged bytes were damaged.
void check_torn_tail(ByteView tail, std::size_t offset) {
  if (const std::size_t at = find_index_batch(tail); at != tail.size())
    throw_corrupt(fmt::format("index.log: bad batch at offset {}, followed by a good one at {}", offset, offset + at));
}

}  // namespace

std::shared_ptr<const IndexSnapshot> IndexSnapshot::load(int repository_fd) {
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    const OpenFile log = open_file(repository_fd, k_index_log);
    const OpenFile base = open_file(repository_fd, k_index_base);
    if (!same_file(log.identity, identity_at(repository_fd, k_index_log))) continue;
    auto snapshot = std::make_shared<IndexSnapshot>();
    snapshot->base_identity_ = base.identity;
    snapshot->base_file_ = map(base, k_index_base);
    snapshot->base_.emplace(snapshot->base_file_.view());
    snapshot->log_identity_ = log.identity;
    snapshot->log_file_ = map(log, k_index_log);
    snapshot->read_log();
    snapshot->let_go();
    return snapshot;
  }
  throw Error(ErrorKind::system, fmt::format("index.log: replaced {} times while it was opened", k_attempts));
}

bool IndexSnapshot::is_current(int repository_fd) const {
  return identity_at(repository_fd, k_index_log) == log_identity_ &&
         identity_at(repository_fd, k_index_base) == base_identity_;
}

void IndexSnapshot::read_log() {
  const ByteView log = log_file_.view();
  bool several = false;
  while (valid_size_ < log.size()) {
    const std::optional<IndexBatch> batch = read_index_batch(log.subspan(valid_size_));
    if (!batch) break;
    several = several || !changes_.empty();
    changes_.insert(changes_.end(), batch->records.begin(), batch->records.end());
    valid_size_ += batch->size;
  }
  check_torn_tail(log.subspan(valid_size_), valid_size_);
  if (!several) return;  // one batch is in path order
  // Stable, so of one path's changes the last is the latest.
  std::stable_sort(changes_.begin(), changes_.end(),
                   [](const Change& a, const Change& b) { return compare_paths(a.first, b.first) < 0; });
  const auto kept = std::unique(changes_.rbegin(), changes_.rend(),
                                [](const Change& a, const Change& b) { return a.first == b.first; });
  changes_.erase(changes_.begin(), kept.base());
}

std::size_t IndexSnapshot::first_change(std::string_view path) const {
  const auto found = std::partition_point(changes_.begin(), changes_.end(), [&](const Change& change) {
    return compare_paths(change.first, path) < 0;
  });
  return static_cast<std::size_t>(found - changes_.begin());
}

IndexCursor::IndexCursor(std::shared_ptr<const IndexSnapshot> snapshot, std::string_view path)
    : snapshot_(std::move(snapshot)),
      base_(snapshot_->base().seek(path)),
      change_(snapshot_->first_change(path)) {
  settle();
}

/// Finds the entry that is next in both; a change hides the base's entry of the same path.
void IndexCursor::settle() {
  const std::vector<IndexSnapshot::Change>& changes = snapshot_->changes();
  for (; change_ < changes.size(); ++change_) {
    const auto& [path, record] = changes[change_];
    const auto order =
        base_.at_end() ? std::strong_ordering::greater : compare_paths(base_.entry().path, path);
    if (order < 0) break;
    if (order == 0) base_.next();
    change_entry_ = decode_index_record(record);
    if (change_entry_.removed) continue;
    source_ = Source::change;
    return;
  }
  source_ = base_.at_end() ? Source::none : Source::base;
}

void IndexSnapshot::let_go() const {
  for (const ByteView file : {base_file_.view(), log_file_.view()})
    if (!file.empty()) ::madvise(const_cast<std::byte*>(file.data()), file.size(), MADV_DONTNEED);
}

void IndexCursor::next() {
  if (source_ == Source::base)
    base_.next();
  else
    ++change_;
  settle();
  count_steps(1);
}

/// A pass over a million paths would otherwise hold the whole index, 100 MB.
void IndexCursor::count_steps(std::size_t steps) {
  steps_ += steps;
  if (steps_ < k_steps_held) return;
  steps_ = 0;
  snapshot_->let_go();
}

void IndexCursor::next_sibling() {
  const std::string path = entry().path;
  for (int i = 0; i < k_steps; ++i) {
    next();
    if (at_end() || !is_within(entry().path, path)) return;
  }
  if (path.empty()) {
    source_ = Source::none;
    base_ = {};
    change_ = snapshot_->changes().size();
    return;
  }
  // Only '/' sorts below NUL, and no name holds a NUL: everything below `path` is before this, all that
  // follows behind.
  const std::string behind = path + '\0';
  base_ = snapshot_->base().seek(behind);
  change_ = snapshot_->first_change(behind);
  settle();
  count_steps(k_steps_of_a_search);
}

IndexBaseFile::IndexBaseFile(FileSystem& fs, int repository_fd) : fs_(fs), repository_fd_(repository_fd) {
  fd_ = fs_.open({repository_fd_, k_base_temporary}, O_WRONLY | O_CREAT | O_TRUNC);
  writer_.emplace([this](ByteView bytes) { write(bytes); });
}

IndexBaseFile::~IndexBaseFile() {
  if (published_) return;
  try {
    fs_.unlink({repository_fd_, k_base_temporary});
  } catch (const std::exception&) {
  }
}

void IndexBaseFile::write(ByteView bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  if (buffer_.size() >= k_write_buffer) flush();
}

void IndexBaseFile::flush() {
  fs_.pwrite(fd_.get(), buffer_, written_);
  written_ += buffer_.size();
  buffer_.clear();
}

void IndexBaseFile::publish() {
  writer_->finish();
  flush();
  fs_.fsync(fd_.get());
  fd_.reset();
  fs_.rename({repository_fd_, k_base_temporary}, {repository_fd_, k_index_base});
  published_ = true;
  sync_directory(fs_, {repository_fd_, "."});
}

// durability.md: small 1–6
void replace_index_log(FileSystem& fs, int repository_fd, ByteView batches) {
  UniqueFd fd = fs.open({repository_fd, k_log_temporary}, O_WRONLY | O_CREAT | O_TRUNC);
  try {
    fs.pwrite(fd.get(), batches, 0);
    fs.fsync(fd.get());
    fd.reset();
    fs.rename({repository_fd, k_log_temporary}, {repository_fd, k_index_log});
  } catch (...) {
    remove_index_leftovers(fs, repository_fd);
    throw;
  }
  sync_directory(fs, {repository_fd, "."});
}

void remove_index_leftovers(FileSystem& fs, int repository_fd) {
  for (const char* name : {k_base_temporary, k_log_temporary}) {
    if (!stat_at(repository_fd, name)) continue;
    try {
      fs.unlink({repository_fd, name});
    } catch (const std::exception&) {
      // They are in nobody's way, and the next writer tries again.
    }
  }
}

}  // namespace store
