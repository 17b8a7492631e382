#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ref_name.h"
#include "format/refs.h"
#include "repo/repository.h"

namespace store {

/// The refs and their history. Thread rule: one thread at a time; several processes at once.
class RefStore {
 public:
  explicit RefStore(const Repository& repository) : repository_(&repository) {}

  /// A ref by full name ("HEAD", "refs/heads/main"). Error{corrupt} if its file does not check.
  std::optional<RefValue> read(const std::string& name) const;
  /// Full names and values below `prefix` ("refs/heads/"), ascending.
  std::vector<std::pair<std::string, RefValue>> list(const std::string& prefix) const;

  struct Head {
    std::string branch;             // "refs/heads/main", "" when detached
    std::optional<ObjectId> commit; // nothing before the first commit
  };
  Head head() const;

  /// Moves refs: under the refs lock compares every ref with its expected old value (Error{conflict} naming the
  /// ref if one moved), finishes or drops a half-done last record, appends one oplog record, syncs it, then sets each ref
  /// (a ref without new value is removed), then syncs the directories. Returns the record's id. Error{exists} if a
  /// name is a directory of another one, Error{usage} for a bad name, Error{corrupt} if a ref differs from the oplog.
  ObjectId update(const OplogRecord& record, const LockWait& wait) const;

  /// If a killed writer or a power loss left the refs of the last record half moved, moves the others, so that a command does not
  /// take a mixture for the truth. Does nothing where that is not needed, not allowed, or being done; never fails.
  void finish_interrupted() const;

  /// The oplog, oldest first. A last record that is torn or did not happen is not shown; other damage is
  /// Error{corrupt}. Takes no lock.
  void read_oplog(const std::function<void(const OplogStep&)>& visit) const;

  /// Refs whose file differs from their last oplog record (fsck): name, file's value, record's value. What a crash
  /// leaves is no damage. Takes no lock.
  struct Mismatch {
    std::string name;
    std::optional<RefValue> file;
    std::optional<RefValue> record;
    std::string problem;
  };
  std::vector<Mismatch> check() const;

 private:
  const Repository* repository_;
};

}  // namespace store
