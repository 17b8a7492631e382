#pragma once

#include "ops/commit.h"
#include "repo/session.h"

namespace store {

/// Message, author, time and meta of a commit; tree and parents are the caller's. Error{usage} for an empty message or one that
/// is not UTF-8; an empty one may stand for that of the commit that is amended.
Commit commit_from(const Workspace& workspace, const CommitOptions& options);

/// What changed from a tree (nothing: there was none) to another one, which has so many `contents` (IndexSummary).
ChangeSummary summarize(const Workspace& workspace, const std::optional<ObjectId>& before, const ObjectId& after,
                        std::uint64_t contents);

/// Puts into the figures of a tree how its files were read: from those of the run that staged them.
void add_reading(IngestTotals& tree, const IngestTotals& run);

/// Merges what has piled up, after the commit stands: a full disk or a refusal must not make it look failed. Returns the bytes
/// that were rewritten.
std::uint64_t keep_house(Workspace& workspace, const Session& session);

}  // namespace store
