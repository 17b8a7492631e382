#pragma once

#include <vector>

#include "ops/workspace.h"
#include "repo/session.h"
#include "worktree/index.h"

namespace store {

/// A dry run only looks: no lock that keeps others out, nothing taken over.
enum class Writes : bool { no, yes };

/// What a command that stages or commits holds from start to end, taken in lock order: its session (gate, repo), then the index lock.
/// On the way in, the packs of interrupted adds are sealed and published, so that what they stored is found, and what killed checkouts
/// had discarded gets into the oplog (checkout_left_behind.h).
class WriteAccess {
 public:
  explicit WriteAccess(Workspace& workspace, Writes writes = Writes::yes);

  Session& session() { return session_; }
  Index& index() { return index_; }
  /// Interrupted adds whose journals may be used; their folders are removed by finish().
  const std::vector<DeadSession>& adopted() const { return adopted_; }
  /// The work is published and in the index: removes this session's folder and the adopted ones.
  void finish();

 private:
  const Repository& repository_;
  Session session_;
  Lock index_lock_;
  std::vector<DeadSession> adopted_;
  Index index_;
};

/// Seals and publishes what dead sessions left (durability.md "Sessions and adoption"); those whose journal an add can use stay
/// locked. Any number of processes at once.
std::vector<DeadSession> adopt_interrupted(Workspace& workspace);
/// Their work is done by somebody else: their folders go. Never fails.
void forget_interrupted(const Repository& repository, std::vector<DeadSession> sessions);

/// Chunks of one pack and their bytes before compression, from its block headers.
struct PackContent {
  std::uint64_t chunks = 0;
  std::uint64_t raw_bytes = 0;
};
PackContent pack_content(const Repository& repository, const ObjectId& pack);

}  // namespace store
