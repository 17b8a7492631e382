#pragma once

#include <vector>

#include "format/refs.h"
#include "ops/checkout.h"

namespace store {

/// Which entries of the oplog to take back: the newest, the last `count` together, or the one whose id begins with `id`.
struct UndoOptions {
  std::uint64_t count = 1;
  std::string id = {};  // hex digits; then `count` means nothing
};

struct UndoResult {
  CheckoutResult checkout;
  std::vector<OplogStep> undone;  // newest first
  std::vector<RefChange> refs;    // what moved back, the merge in progress and HEAD among them
};

/// Takes entries back as one new entry of the oplog, so that undoing twice is redoing. What moved only refs gets them back; what
/// staged, the index too; what wrote files (those entries name the bytes they discarded, perhaps none), the files and the
/// discarded bytes. Error{conflict} and nothing changed if a ref, a staged path or a file is not any more what the entry made it.
/// Nothing if there is no entry to take back.
std::optional<UndoResult> undo(Workspace& workspace, const UndoOptions& options);

}  // namespace store
