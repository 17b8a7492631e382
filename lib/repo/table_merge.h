#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "repo/mapped_footer.h"
#include "repo/table_set.h"

namespace store {

using PackSet = std::unordered_set<ObjectId, ObjectIdHash>;

/// What goes into one new table; private to table_set.
struct TableInputs {
  std::vector<std::shared_ptr<const OpenTable>> tables;
  std::vector<std::shared_ptr<const MappedFooter>> footers;
};

/// Writes the entries of every pack in `live`, each pack once, as one table in key order, streaming. Returns
/// its name below tables/, "" if there was nothing to write.
std::string write_merged_table(const Repository& repository, const TableInputs& inputs, const PackSet& live);

}  // namespace store
