#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repo/object_store.h"
#include "repo/session.h"

namespace store {

/// What interrupted adds had finished: their journals, read side by side in path order (an add works in path order, so its journal is sorted).
/// Lookups must come in path order too; memory does not grow with the journals. One thread at a time.
class ResumeJournals {
 public:
  explicit ResumeJournals(const std::vector<DeadSession>& sessions);

  /// The entry that an interrupted add recorded for this path, if it read the file with this very stat and the
  /// entry was not racy.
  std::optional<IndexEntry> find_file(const std::string& path, const StatKey& stat, std::uint16_t mode);
  /// The recipe nodes of this file that were finished, from its start on without a gap, for the same stat and parameters.
  std::vector<JournalNode> find_nodes(const std::string& path, const StatKey& stat,
                                      const ChunkParameters& parameters);

 private:
  struct Reader {
    MappedFile map;
    std::size_t offset = 0;
    std::optional<JournalRecord> ahead;
    std::optional<JournalFile> file;   // records of `path`
    std::vector<JournalNode> nodes;
    std::string path;
    void advance();
    void seek(const std::string& target);
  };
  std::vector<Reader> readers_;
};

/// True if a session folder belongs to an interrupted add (its journal does not start with a checkout's target).
bool is_add_session(const DeadSession& session);

}  // namespace store
