// The oplog as a file: reading it in bounded memory, finding its end; private to repo.
#pragma once

#include <functional>
#include <optional>

#include "repo/ref_files.h"

namespace store {

/// Calls `visit(step, offset)` for each whole record, oldest first; returns where they end. A torn tail is not shown, other
/// damage is Error{corrupt}.
std::uint64_t scan_oplog(int fd, const std::function<void(OplogStep&&, std::uint64_t offset)>& visit);

/// Opens the log (O_RDONLY or O_RDWR); Error{corrupt} if it is missing.
UniqueFd open_oplog(const Repository& repository, int flags);

/// What the log says, its last record apart, which may not have happened.
struct OplogState {
  RefValues refs;  // as of the record before the last
  std::optional<OplogStep> last;
  std::uint64_t last_offset = 0;
  std::uint64_t end = 0;  // of whole records
};
OplogState read_oplog_state(int fd);

/// What is known of a log's last record by looking at its refs (docs/durability.md "Moving refs", step 3).
enum class LastRecord {
  done,         // all its refs have the new value
  not_started,  // all have the old one: it did not happen
  half_done,    // some of both
  unclear,      // a ref has neither or cannot be read: damage
};
LastRecord judge_last_record(const Repository& repository, const OplogStep& step);

/// `oplog.done` names, by the digest of its bytes, the last record that is known to be in its refs durably. A hint that is never synced: without it the
/// refs are looked at.
/// It holds for one place in the log only, because two moves may have the same bytes.
bool is_marked_done(const Repository& repository, const ObjectId& digest, std::uint64_t offset);
void mark_done(const Repository& repository, const ObjectId& digest, std::uint64_t offset);
/// The place in the log of the record that is marked.
std::optional<std::uint64_t> marked_done_offset(const Repository& repository);
/// True if there is no record, or the last one is marked so. Its cost does not grow with the log.
bool is_last_marked_done(const Repository& repository);

}  // namespace store
