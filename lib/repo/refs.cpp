#include "repo/refs.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "repo/directory.h"
#include "repo/oplog.h"
#include "repo/ref_files.h"
#include "repo/settle_refs.h"

namespace store {
namespace {

std::string show(const std::optional<RefValue>& value) {
  if (!value) return "absent";
  return value->id ? value->id->short_hex() : escape_name(value->branch);
}

[[noreturn]] void throw_mismatch(const std::string& name, const std::optional<RefValue>& file,
                                 const std::optional<RefValue>& record) {
  throw Error(ErrorKind::corrupt,
              fmt::format("ref {}: is {}, but the oplog says {}", escape_name(name), show(file), show(record)),
              "store fsck");
}

void check_names(const std::vector<RefChange>& changes) {
  std::set<std::string_view> seen;
  for (const RefChange& change : changes) {
    if (!is_full_ref_name(change.name))
      throw Error(ErrorKind::usage, fmt::format("{}: is not a valid ref name", escape_name(change.name)));
    if (!seen.insert(change.name).second)
      throw Error(ErrorKind::bug, fmt::format("ref {}: is moved twice at once", escape_name(change.name)));
  }
}

/// The refs lock is held: finishes or drops what a killed writer left, so that `state` is the truth.
class Settler {
 public:
  Settler(const Repository& repository, int oplog_fd) : repository_(repository), fd_(oplog_fd) {}

  OplogState settle() const {
    remove_staged_refs(repository_);  // durability.md: refs 1
    OplogState state = read_oplog_state(fd_);
    if (static_cast<std::uint64_t>(stat_fd(fd_, layout::k_oplog).st_size) > state.end)
      repository_.fs().truncate(fd_, state.end);  // durability.md: refs 2
    if (state.last && settle_last(*state.last, state.last_offset)) {
      for (const RefChange& change : state.last->record.changes) state.refs[change.name] = change.new_value;
    } else if (state.last) {
      repository_.fs().truncate(fd_, state.last_offset);
      state.end = state.last_offset;
    }
    return state;
  }

 private:
  /// durability.md: refs 3. False if the record did not happen.
  bool settle_last(const OplogStep& step, std::uint64_t offset) const {
    if (is_marked_done(repository_, step.digest, offset)) return true;
    const std::vector<RefChange>& changes = step.record.changes;
    switch (judge_last_record(repository_, step)) {
      case LastRecord::not_started: return false;
      case LastRecord::unclear: report(changes);
      case LastRecord::half_done: finish(changes); break;
      case LastRecord::done: break;
    }
    sync_ref_directories(repository_, changes);
    return true;
  }

  void finish(const std::vector<RefChange>& changes) const {
    std::vector<RefChange> missing;
    for (const RefChange& change : changes)
      if (read_ref_file(repository_.fd(), change.name) != change.new_value) missing.push_back(change);
    RefMove move(repository_, missing);
    move.stage();
    move.apply();
  }

  [[noreturn]] void report(const std::vector<RefChange>& changes) const {
    for (const RefChange& change : changes) {
      const std::optional<RefValue> value = read_ref_file(repository_.fd(), change.name);
      if (value != change.old_value && value != change.new_value)
        throw_mismatch(change.name, value, change.new_value);
    }
    throw Error(ErrorKind::bug, "oplog: last record became clear under the lock");
  }

  const Repository& repository_;
  int fd_;
};

// durability.md: refs 4. A ref that differs from the log was lost or rolled back: its move must not be built upon.
void compare(const Repository& repository, const OplogState& state, const std::vector<RefChange>& changes) {
  for (const RefChange& change : changes) {
    const std::optional<RefValue> value = read_ref_file(repository.fd(), change.name);
    const auto recorded = state.refs.find(change.name);
    if (recorded != state.refs.end() && recorded->second != value)
      throw_mismatch(change.name, value, recorded->second);
    if (value != change.old_value)
      throw Error(ErrorKind::conflict, fmt::format("ref {}: has moved: expected {}, found {}",
                                                   escape_name(change.name), show(change.old_value), show(value)));
  }
}

using Mismatches = std::vector<RefStore::Mismatch>;

/// Compares one ref's file with what is recorded; `recorded` has an entry for it, or the file is unexpected.
void check_ref(const Repository& repository, const std::string& name, const RefValues& recorded, Mismatches& found) {
  const auto entry = recorded.find(name);
  const std::optional<RefValue> record = entry == recorded.end() ? std::nullopt : entry->second;
  std::optional<RefValue> file;
  try {
    file = read_ref_file(repository.fd(), name);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    found.push_back({name, std::nullopt, record, error.message()});
    return;
  }
  if (entry != recorded.end() && file == record) return;
  if (name == layout::k_head && entry == recorded.end() && file) return;  // made by init
  const char* problem = !file ? "is lost" : record ? "differs from the oplog" : "is not in the oplog";
  found.push_back({name, file, record, fmt::format("ref {}: {}", escape_name(name), problem)});
}

/// The value a ref should have: while its record may still be under way, the old one is as good.
void add_last_record(const Repository& repository, OplogState& state) {
  const bool done = is_marked_done(repository, state.last->digest, state.last_offset);
  for (const RefChange& change : state.last->record.changes) {
    std::optional<RefValue> value = change.new_value;
    try {
      if (!done && read_ref_file(repository.fd(), change.name) == change.old_value) value = change.old_value;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
    }
    state.refs[change.name] = std::move(value);
  }
}

Mismatches check_once(const Repository& repository) {
  OplogState state = read_oplog_state(open_oplog(repository, O_RDONLY).get());
  if (state.last) add_last_record(repository, state);
  std::set<std::string> names{layout::k_head};
  for (const auto& [name, value] : state.refs) names.insert(name);
  for (std::string& name : list_ref_names(repository.fd(), "refs/")) names.insert(std::move(name));
  Mismatches found;
  for (const std::string& name : names) check_ref(repository, name, state.refs, found);
  return found;
}

bool same(const Mismatches& a, const Mismatches& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.file == y.file && x.record == y.record && x.problem == y.problem;
  });
}

}  // namespace

std::optional<RefValue> RefStore::read(const std::string& name) const {
  return read_ref_file(repository_->fd(), name);
}

std::vector<std::pair<std::string, RefValue>> RefStore::list(const std::string& prefix) const {
  std::vector<std::pair<std::string, RefValue>> refs;
  for (std::string& name : list_ref_names(repository_->fd(), prefix))
    if (std::optional<RefValue> value = read(name)) refs.emplace_back(std::move(name), std::move(*value));
  return refs;
}

RefStore::Head RefStore::head() const {
  const std::optional<RefValue> value = read(layout::k_head);
  if (!value) throw Error(ErrorKind::corrupt, "HEAD: is missing", "store fsck");
  if (value->id) return {.branch = {}, .commit = value->id};
  const std::optional<RefValue> branch = read(value->branch);
  return {.branch = value->branch, .commit = branch ? branch->id : std::nullopt};
}

ObjectId RefStore::update(const OplogRecord& record, const LockWait& wait) const {
  check_names(record.changes);
  FileSystem& fs = repository_->fs();
  const Lock lock = repository_->locks().acquire(LockName::refs, LockMode::exclusive, wait);
  const UniqueFd fd = open_oplog(*repository_, O_RDWR);
  const OplogState state = Settler(*repository_, fd.get()).settle();
  compare(*repository_, state, record.changes);
  check_room(repository_->fd(), record.changes);
  RefMove move(*repository_, record.changes);
  move.stage();
  const Bytes bytes = encode_oplog_record(record);
  bool torn = false;
  const OplogStep step = *next_oplog_record(bytes, state.end, torn);
  try {
    fs.pwrite(fd.get(), bytes, state.end);  // durability.md: refs 6
    fs.fdatasync(fd.get());                 // durability.md: refs 7
    move.apply();
  } catch (...) {
    // Nothing has changed: take the record back. If that fails too, the next writer does it.
    if (!move.started()) quietly([&] { fs.truncate(fd.get(), state.end); });
    throw;
  }
  move.sync();
  mark_done(*repository_, step.digest, state.end);
  return step.id;
}

void settle_refs(const Repository& repository, const LockWait& wait) {
  const Lock lock = repository.locks().acquire(LockName::refs, LockMode::exclusive, wait);
  const UniqueFd fd = open_oplog(repository, O_RDWR);
  Settler(repository, fd.get()).settle();
}

// durability.md: refs 3
void RefStore::finish_interrupted() const {
  if (!repository_->writable()) return;
  quietly([&] {
    if (is_last_marked_done(*repository_)) return;
    const std::optional<Lock> lock = repository_->locks().try_acquire(LockName::refs, LockMode::exclusive);
    if (!lock) return;
    const UniqueFd fd = open_oplog(*repository_, O_RDWR);
    const OplogState state = read_oplog_state(fd.get());
    if (!state.last || is_marked_done(*repository_, state.last->digest, state.last_offset)) return;
    const LastRecord judged = judge_last_record(*repository_, *state.last);
    if (judged != LastRecord::half_done && judged != LastRecord::done) return;
    Settler(*repository_, fd.get()).settle();
    mark_done(*repository_, state.last->digest, state.last_offset);
  });
}

void RefStore::read_oplog(const std::function<void(const OplogStep&)>& visit) const {
  std::optional<OplogStep> held;  // shown when it is known that it is not the last
  std::uint64_t held_offset = 0;
  scan_oplog(open_oplog(*repository_, O_RDONLY).get(), [&](OplogStep&& step, std::uint64_t offset) {
    if (held) visit(*held);
    held = std::move(step);
    held_offset = offset;
  });
  if (!held) return;
  const bool happened = is_marked_done(*repository_, held->digest, held_offset) ||
                        judge_last_record(*repository_, *held) != LastRecord::not_started;
  if (happened) visit(*held);
}

std::vector<RefStore::Mismatch> RefStore::check() const {
  // Without the lock: a writer may move a ref between two looks. What two looks agree on is there.
  constexpr int k_most_looks = 10;
  constexpr std::chrono::milliseconds k_pause{20};
  Mismatches before = check_once(*repository_);
  for (int look = 1; look < k_most_looks && !before.empty(); ++look) {
    std::this_thread::sleep_for(k_pause);
    Mismatches now = check_once(*repository_);
    if (same(now, before)) break;
    before = std::move(now);
  }
  return before;
}

}  // namespace store
