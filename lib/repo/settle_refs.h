#pragma once

#include "repo/repository.h"

namespace store {

/// Finishes or drops a half-done last record of the oplog, as every move of refs does first (durability.md: refs 1-3); for those
/// who look at several refs before they decide. Takes the refs lock.
void settle_refs(const Repository& repository, const LockWait& wait);

}  // namespace store
