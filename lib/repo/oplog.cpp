#include "repo/oplog.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <charconv>

#include "base/error.h"
#include "base/text.h"
#include "repo/directory.h"
#include "repo/read_window.h"

namespace store {
namespace {

/// Over the largest log record, 64 MiB.
constexpr std::size_t k_largest_window = 128u << 20;
constexpr std::uint64_t k_max_mark_size = 4u << 10;

std::string mark_name(std::uint64_t offset) { return fmt::format("{}@{}", layout::k_oplog, offset); }

/// The place in the log that a mark is about.
std::optional<std::uint64_t> marked_offset(std::string_view mark) {
  const std::string key = fmt::format(" {}@", layout::k_oplog);
  const std::size_t at = mark.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = mark.substr(at + key.size());
  std::uint64_t offset = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  return fault == std::errc() && end != digits.data() ? std::optional(offset) : std::nullopt;
}

/// It is a hint: anything may stand there.
std::optional<Bytes> read_mark(const Repository& repository) {
  try {
    return read_file(repository.fd(), layout::k_oplog_done, k_max_mark_size);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return std::nullopt;
  }
}

bool is_real_change(const RefChange& change) { return change.old_value != change.new_value; }

enum class RefLook { old_value, new_value, neither };

RefLook look_at(const Repository& repository, const RefChange& change) {
  try {
    const std::optional<RefValue> value = read_ref_file(repository.fd(), change.name);
    if (value == change.new_value) return RefLook::new_value;
    return value == change.old_value ? RefLook::old_value : RefLook::neither;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return RefLook::neither;
  }
}

}  // namespace

UniqueFd open_oplog(const Repository& repository, int flags) {
  try {
    return repository.fs().open({repository.fd(), layout::k_oplog}, flags);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) throw Error(ErrorKind::corrupt, "oplog: is missing", "store fsck");
    throw;
  }
}

std::uint64_t scan_oplog(int fd, const std::function<void(OplogStep&&, std::uint64_t offset)>& visit) {
  Bytes header(k_oplog_header_size);
  header.resize(pread_full(fd, header, 0, layout::k_oplog));
  check_oplog_header(header);
  ReadWindow window(fd, header.size(), layout::k_oplog, k_largest_window);
  bool torn = false;
  do {
    while (std::optional<OplogStep> step = next_oplog_record(window.bytes(), window.offset(), torn)) {
      const std::uint64_t offset = window.offset();
      window.skip(step->size);
      visit(std::move(*step), offset);
    }
  } while (window.grow());
  return window.offset();
}

OplogState read_oplog_state(int fd) {
  OplogState state;
  state.end = scan_oplog(fd, [&](OplogStep&& step, std::uint64_t offset) {
    if (state.last)
      for (RefChange& change : state.last->record.changes) state.refs[change.name] = std::move(change.new_value);
    state.last = std::move(step);
    state.last_offset = offset;
  });
  return state;
}

LastRecord judge_last_record(const Repository& repository, const OplogStep& step) {
  bool any_old = false;
  bool any_new = false;
  for (const RefChange& change : step.record.changes) {
    if (!is_real_change(change)) continue;
    const RefLook look = look_at(repository, change);
    if (look == RefLook::neither) return LastRecord::unclear;
    (look == RefLook::new_value ? any_new : any_old) = true;
  }
  if (!any_old) return LastRecord::done;
  return any_new ? LastRecord::half_done : LastRecord::not_started;
}

bool is_marked_done(const Repository& repository, const ObjectId& digest, std::uint64_t offset) {
  const std::optional<Bytes> bytes = read_mark(repository);
  if (!bytes) return false;
  try {
    return decode_ref(mark_name(offset), *bytes).id == digest;
  } catch (const Error&) {
    return false;  // of another record, or lost power before it reached the disk
  }
}

std::optional<std::uint64_t> marked_done_offset(const Repository& repository) {
  const std::optional<Bytes> bytes = read_mark(repository);
  const std::optional<std::uint64_t> offset = bytes ? marked_offset(as_text(*bytes)) : std::nullopt;
  if (!offset) return std::nullopt;
  try {
    decode_ref(mark_name(*offset), *bytes);
    return offset;
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool is_last_marked_done(const Repository& repository) {
  const std::optional<UniqueFd> log = open_if_exists(repository.fd(), layout::k_oplog);
  if (!log) return false;
  const auto size = static_cast<std::uint64_t>(stat_fd(log->get(), layout::k_oplog).st_size);
  if (size == k_oplog_header_size) return true;
  const std::optional<Bytes> bytes = read_mark(repository);
  const std::optional<std::uint64_t> offset = bytes ? marked_offset(as_text(*bytes)) : std::nullopt;
  if (!offset || *offset >= size) return false;
  ReadWindow window(log->get(), *offset, layout::k_oplog, k_largest_window);
  do {
    bool torn = false;
    const std::optional<OplogStep> step = next_oplog_record(window.bytes(), *offset, torn);
    if (step) return *offset + step->size == size && is_marked_done(repository, step->digest, *offset);
  } while (window.grow());
  return false;
}

// durability.md: refs 10
void mark_done(const Repository& repository, const ObjectId& digest, std::uint64_t offset) {
  const std::string temporary = fmt::format("{}.tmp", layout::k_oplog_done);
  const int directory = repository.fd();
  FileSystem& fs = repository.fs();
  RefValue value;
  value.id = digest;
  // The move is durable already; without the mark the next writer looks at the refs instead.
  try {
    UniqueFd fd = fs.open({directory, temporary.c_str()}, O_WRONLY | O_CREAT | O_TRUNC);
    fs.pwrite(fd.get(), encode_ref(mark_name(offset), value), 0);
    fd.reset();
    fs.rename({directory, temporary.c_str()}, {directory, layout::k_oplog_done});
  } catch (const std::exception&) {
    quietly([&] { unlink_if_exists(fs, directory, temporary); });
  }
}

}  // namespace store
