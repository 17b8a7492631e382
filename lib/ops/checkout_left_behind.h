// What killed commands had discarded, and that would not be in the oplog otherwise; private to ops.
#pragma once

#include "ops/checkout_forms.h"
#include "ops/checkout_interrupted.h"

namespace store {

/// Of one path a record of the oplog has one state, but a killed run of the same command may have discarded another one than this run
/// is about to. After a power loss this one is perhaps half of what that run wrote: then it leaves `discarded`, and `keep` stores it.
/// Else it is the later one. Returns what is to have a record of its own, before that of this run.
std::vector<LeftBehind> set_aside(const Workspace& workspace, const Interrupted& interrupted, std::vector<std::string>& discarded,
                                  const std::function<Discarded(std::vector<std::string> paths)>& keep);
/// What other commands had discarded becomes an entry of the oplog for each of them, so that undo brings it back; a
/// warning has its id. Under the index lock, and before anything is staged: an index that the killed command had changed already is
/// in its entry as it is now.
void record_left_behind(const Workspace& workspace, const Session& session, const std::vector<LeftBehind>& others);
/// The same on the way into whatever stages or is to have an entry itself, so that the entries stand in the order of what they tell
/// of. An undo that was killed is left to the one that goes on with it.
void record_left_behind(const Workspace& workspace, const Session& session);
/// The same for who holds no lock. Nothing happens while somebody else has the index: that one does it.
void record_left_behind(const Workspace& workspace);

}  // namespace store
