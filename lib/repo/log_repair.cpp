#include "repo/log_repair.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "repo/directory.h"
#include "repo/oplog.h"
#include "repo/ref_files.h"

namespace store {
namespace {

constexpr std::uint64_t k_max_log = 4ULL << 30;

enum class LogState {
  sound,
  torn,     // no whole record at the end: left by a crash, or damaged since
  damaged,  // in any other way
};

/// How one kind of log is read. `take` gives a whole record's size.
struct LogReader {
  std::size_t header_size;
  std::function<void(ByteView)> check_header;
  std::function<std::size_t(ByteView)> find;
  std::function<std::size_t(ByteView record, std::uint64_t offset)> take;
};

/// Takes every whole record of a log that may be damaged anywhere.
LogState read_whole_records(ByteView log, const LogReader& reader) {
  const auto is_corrupt = [](const auto& step) {
    try {
      step();
      return false;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      return true;
    }
  };
  const bool bad_header = is_corrupt([&] { reader.check_header(log.first(std::min(log.size(), reader.header_size))); });
  bool damaged = bad_header;
  for (std::size_t at = bad_header ? 0 : reader.header_size; at < log.size();) {
    const std::size_t skipped = reader.find(log.subspan(at));
    at += skipped;
    if (at == log.size()) return damaged ? LogState::damaged : LogState::torn;
    damaged = damaged || skipped != 0;
    std::size_t size = 1;
    if (is_corrupt([&] { size = reader.take(log.subspan(at), at); })) damaged = true;
    at += size;
  }
  return damaged ? LogState::damaged : LogState::sound;
}

void append(Bytes& log, ByteView bytes) { log.insert(log.end(), bytes.begin(), bytes.end()); }

/// durability.md: repair 2
void replace_log(const Repository& repository, const Quarantine& quarantine, const char* name, ByteView log) {
  quarantine.keep(name);
  remove_leftovers(repository.fs(), repository.fd(), name);
  replace_file(repository.fs(), repository.fd(), name, log, SyncDirectory::yes);
}

/// The whole records of an oplog.
struct SalvagedOplog {
  Bytes log = encode_oplog_header();
  LogState state = LogState::damaged;
  RefValues refs;
  std::string committed_to;   // the branch that a commit of the index moved last: HEAD's
  bool lost_records = false;  // surely
};

class OplogSalvage {
 public:
  explicit OplogSalvage(const Repository& repository) : repository_(repository) {}

  SalvagedOplog run() {
    const std::optional<Bytes> log = read_file(repository_.fd(), layout::k_oplog, k_max_log);
    const auto take = [this](ByteView bytes, std::uint64_t offset) {
      bool torn = false;
      OplogStep step = *next_oplog_record(bytes, offset, torn);
      play_last();
      last_bytes_ = bytes.first(step.size);
      last_offset_ = offset;
      last_ = std::move(step);
      return last_bytes_.size();
    };
    if (log) result_.state = read_whole_records(*log, {k_oplog_header_size, check_oplog_header, find_oplog_record, take});
    // A torn tail may be a move that never happened; one that is marked did.
    const bool mark_is_lost = marked_done_offset(repository_).value_or(0) >= (last_ ? last_offset_ + last_->size : 1);
    result_.lost_records = result_.state == LogState::damaged || mark_is_lost;
    if (last_ && last_happened()) play_last();
    return std::move(result_);
  }

 private:
  // durability.md: refs 3. A record of what did not happen is left out, as the next writer would.
  bool last_happened() const {
    return is_marked_done(repository_, last_->digest, last_offset_) ||
           judge_last_record(repository_, *last_) != LastRecord::not_started;
  }
  void play_last() {
    if (!last_) return;
    append(result_.log, last_bytes_);
    for (const RefChange& change : last_->record.changes) {
      result_.refs[change.name] = change.new_value;
      const bool is_branch = change.name.starts_with(std::string(layout::k_heads) + "/");
      if (is_branch && change.new_value && last_->record.index_after) result_.committed_to = change.name;
    }
  }

  const Repository& repository_;
  SalvagedOplog result_;
  std::optional<OplogStep> last_;
  ByteView last_bytes_;
  std::uint64_t last_offset_ = 0;
};

std::string show(const std::optional<RefValue>& value) {
  if (!value) return "nothing";
  return value->id ? value->id->short_hex() : escape_name(value->branch);
}

/// One ref as it is, as it is remembered, and as it is to be.
struct Judged {
  std::string name;
  std::optional<RefValue> file;
  bool damaged = false;  // there is a file, but it cannot be read
  std::optional<std::optional<RefValue>> record;
  std::optional<RefValue> value;

  bool needs_file() const { return damaged || file != value; }
  /// What init gave HEAD is in no record.
  bool needs_record() const { return record ? *record != value : value && name != layout::k_head; }
  std::string message() const {
    const std::string subject = name == layout::k_head ? name : "ref " + escape_name(name);
    if (!needs_file()) return fmt::format("{}: {} is ahead of the oplog, which has it now", subject, show(value));
    const std::string was = damaged ? "damaged" : file ? "rolled back to " + show(file) : "lost";
    return fmt::format("{}: was {}: is {} again", subject, was, show(value));
  }
};

class RefRepairer {
 public:
  RefRepairer(const Repository& repository, const Quarantine& quarantine, const RefRepair& rules)
      : repository_(repository), quarantine_(quarantine), rules_(rules), oplog_(OplogSalvage(repository).run()) {}

  std::vector<std::string> run() {
    judge_all();
    std::vector<std::string> done;
    if (oplog_.state == LogState::damaged)
      done.emplace_back("oplog: was damaged: its whole records are in a new one");
    if (oplog_.state == LogState::torn) done.emplace_back("oplog: no complete record at the end: cut off");
    for (const Judged& ref : judged_) done.push_back(ref.message());
    if (done.empty()) return done;
    write_oplog();
    for (const Judged& ref : judged_)
      if (ref.needs_file()) write_file(ref);
    mark_last();
    return done;
  }

 private:
  void judge_all() {
    std::set<std::string> names{layout::k_head};
    for (const auto& [name, value] : oplog_.refs) names.insert(name);
    for (std::string& name : list_ref_names(repository_.fd(), "refs/")) names.insert(std::move(name));
    for (const std::string& name : names) {
      Judged ref = judge(name);
      if (ref.needs_file() || ref.needs_record()) judged_.push_back(std::move(ref));
    }
  }

  Judged judge(const std::string& name) const {
    Judged ref;
    ref.name = name;
    try {
      ref.file = read_ref_file(repository_.fd(), name);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      ref.damaged = true;
    }
    if (const auto entry = oplog_.refs.find(name); entry != oplog_.refs.end()) ref.record = entry->second;
    const std::optional<RefValue> remembered = ref.record.value_or(std::nullopt);
    if (ref.file && (!remembered || oplog_.lost_records || is_ahead(*ref.file, *remembered))) ref.value = ref.file;
    else if (remembered) ref.value = remembered;
    else if (name == layout::k_head) ref.value = RefValue{.id = {}, .branch = branch_of_head()};
    return ref;
  }

  bool is_ahead(const RefValue& file, const RefValue& remembered) const {
    return file.id && remembered.id && rules_.descends(*file.id, *remembered.id);
  }
  std::string branch_of_head() const { return oplog_.committed_to.empty() ? rules_.fallback_branch : oplog_.committed_to; }

  // durability.md: repair 2
  void write_oplog() {
    OplogRecord record;
    record.command = rules_.command;
    record.time = rules_.time;
    for (const Judged& ref : judged_)
      if (ref.needs_record()) record.changes.push_back({ref.name, ref.record.value_or(std::nullopt), ref.value});
    if (oplog_.state == LogState::sound && record.changes.empty()) return;
    if (!record.changes.empty()) append(oplog_.log, encode_oplog_record(record));
    replace_log(repository_, quarantine_, layout::k_oplog, oplog_.log);
  }

  void write_file(const Judged& ref) const {
    quarantine_.keep(ref.name);
    if (!ref.value) {
      quarantine_.take(ref.name);
      return;
    }
    RefMove move(repository_, {RefChange{ref.name, std::nullopt, ref.value}});
    move.stage();
    move.apply();
    move.sync();
  }

  /// The last record is in its refs now.
  void mark_last() const {
    const OplogState state = read_oplog_state(open_oplog(repository_, O_RDONLY).get());
    if (state.last) mark_done(repository_, state.last->digest, state.last_offset);
  }

  const Repository& repository_;
  const Quarantine& quarantine_;
  const RefRepair& rules_;
  SalvagedOplog oplog_;
  std::vector<Judged> judged_;
};

}  // namespace

std::optional<std::string> rebuild_catalog(const Repository& repository, const Quarantine& quarantine, const LockWait& wait) {
  const Lock lock = repository.locks().acquire(LockName::catalog, LockMode::exclusive, wait);
  const std::optional<Bytes> log = read_file(repository.fd(), layout::k_catalog, k_max_log);
  Bytes whole = encode_catalog_header();
  const auto take = [&whole](ByteView bytes, std::uint64_t) {
    bool torn = false;
    const std::size_t size = next_catalog_record(bytes, torn)->size;
    append(whole, bytes.first(size));
    return size;
  };
  LogState state = LogState::damaged;
  if (log) state = read_whole_records(*log, {k_catalog_header_size, check_catalog_header, find_catalog_record, take});
  if (state == LogState::sound) return std::nullopt;
  replace_log(repository, quarantine, layout::k_catalog, whole);
  if (!log) return "catalog: was missing: made anew from the packs";
  if (state == LogState::torn) return "catalog: no complete record at the end: cut off";
  return "catalog: was damaged: made anew from its whole records and the packs";
}

std::vector<std::string> repair_refs(const Repository& repository, const Quarantine& quarantine, const RefRepair& rules,
                                     const LockWait& wait) {
  const Lock lock = repository.locks().acquire(LockName::refs, LockMode::exclusive, wait);
  remove_staged_refs(repository);
  return RefRepairer(repository, quarantine, rules).run();
}

}  // namespace store
