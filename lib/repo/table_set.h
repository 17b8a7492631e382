// The derived tables under tables/: opening them, and keeping them few. Private to repo; ObjectStore is the
// way in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "format/table.h"
#include "repo/catalog.h"

namespace store {

inline constexpr std::size_t k_max_uncovered_packs = 8;
inline constexpr std::size_t k_max_tables = 6;

/// A mapped table file. Immutable.
struct OpenTable {
  std::string name;  // below tables/
  std::uint64_t inode;
  MappedFile file;
  TableView view;
};

struct TableSet {
  std::vector<std::shared_ptr<const OpenTable>> tables;  // ascending by size: newest first, roughly
  std::vector<std::string> bad;                          // names of files that cannot be used
};

/// Maps every table; those of `previous` that are still there are taken over. A file that does not check is
/// in `bad`: the packs it covered count as not covered. `verify`: check every checksum (nothing is taken over
/// then).
TableSet open_tables(const Repository& repository, const TableSet& previous, FooterView::Verify verify);

/// One step towards ≤ 8 live packs without table and ≤ 6 tables, with bad files and tables of mostly dead
/// packs gone: writes one table over the packs that have none and the tables of its ×8 tier and below, then
/// unlinks those. False if nothing was to be done. The caller holds the merge lock; memory: Bloom filter (1.5
/// B an entry) and page cache.
bool improve_tables(const Repository& repository, const CatalogState& catalog, const TableSet& tables);

}  // namespace store
