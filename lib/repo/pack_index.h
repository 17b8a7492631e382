#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "repo/mapped_footer.h"
#include "repo/object_store.h"
#include "repo/table_set.h"

namespace store {

/// Which packs hold an object, as of one reading of the catalog: tables, and footers of the packs they do not
/// cover. Private to ObjectStore. Immutable once built, so any thread.
class PackIndex {
 public:
  /// Takes over from `previous` (may be nullptr) what is unchanged. `verify`: check all checksums, take over
  /// nothing. A pack or table that cannot be used is left out; only `lost()` tells.
  static std::shared_ptr<const PackIndex> build(const Repository& repository,
                                                std::shared_ptr<const CatalogState> catalog,
                                                const PackIndex* previous, FooterView::Verify verify);
  /// This index and one pack more (or with other flags).
  std::shared_ptr<const PackIndex> with_pack(const Repository& repository, const CatalogPack& pack) const;

  const std::shared_ptr<const CatalogState>& catalog() const { return catalog_; }
  const TableSet& tables() const { return tables_; }
  std::size_t uncovered() const { return footers_.size(); }
  /// The file of a live pack is gone: merged since the catalog was read, or lost.
  bool lost() const { return lost_; }

  struct Copy {
    ObjectLocation location;
    std::uint8_t pack_flags = 0;
    bool delta = false;
  };
  /// Every copy in live packs until `visit` says false.
  void for_each_copy(const ObjectKey& key, const std::function<bool(const Copy&)>& visit) const;
  /// A copy in an undamaged, verified pack if there is one, else any.
  std::optional<Copy> find(const ObjectKey& key) const;
  /// At most `limit` keys that start with these hex digits, ascending by id.
  std::vector<ObjectKey> find_prefix(std::string_view hex, std::optional<ObjectType> type,
                                     std::size_t limit) const;

 private:
  using Flags = std::unordered_map<ObjectId, std::uint8_t, ObjectIdHash>;
  struct Table {
    std::shared_ptr<const OpenTable> table;
    std::vector<std::uint8_t> flags;  // of each pack, or k_not_live
  };
  struct Footer {
    std::shared_ptr<const MappedFooter> footer;
    std::uint8_t flags = 0;
  };
  void open_uncovered(const Repository& repository, const Flags& flags, const PackIndex* previous,
                      FooterView::Verify verify);
  bool visit_table(const Table& table, const ObjectKey& key,
                   const std::function<bool(const Copy&)>& visit) const;

  std::shared_ptr<const CatalogState> catalog_;
  TableSet tables_;
  std::vector<Table> searched_;
  std::vector<Footer> footers_;  // newest first
  bool lost_ = false;
};

}  // namespace store
