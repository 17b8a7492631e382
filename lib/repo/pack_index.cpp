#include "repo/pack_index.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"

namespace store {
namespace {

constexpr std::uint8_t k_not_live = 0xff;

/// Runs a lookup in a derived or damaged structure; a record that does not decode is as good as absent
/// (read() of an object that is not found checks every checksum).
template <typename Lookup>
void ignoring_damage(Lookup lookup) {
  try {
    lookup();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
  }
}

std::shared_ptr<const MappedFooter> open_or_rescue(const Repository& repository, const ObjectId& pack,
                                                   FooterView::Verify verify) {
  try {
    return MappedFooter::open(repository, pack, verify);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
  }
  return MappedFooter::rescue(repository, pack);
}

/// Hex digits as the lowest id that starts with them, and the test whether an id does.
class Prefix {
 public:
  explicit Prefix(std::string_view hex) : hex_(hex) {
    std::string padded(hex);
    padded.resize(2 * sizeof(ObjectId::bytes), '0');
    low_ = ObjectId::from_hex(padded);
  }
  bool valid() const { return low_.has_value() && hex_.size() <= 2 * sizeof(ObjectId::bytes); }
  ObjectKey low() const { return {ObjectType::chunk, *low_}; }
  bool matches(const ObjectId& id) const { return std::string_view(id.hex()).substr(0, hex_.size()) == hex_; }

 private:
  std::string_view hex_;
  std::optional<ObjectId> low_;
};

}  // namespace

std::shared_ptr<const PackIndex> PackIndex::build(const Repository& repository,
                                                  std::shared_ptr<const CatalogState> catalog,
                                                  const PackIndex* previous, FooterView::Verify verify) {
  auto index = std::make_shared<PackIndex>();
  index->catalog_ = std::move(catalog);
  Flags flags;
  for (const CatalogState::Pack& pack : index->catalog_->packs) flags.emplace(pack.pack.id, pack.pack.flags);
  index->tables_ = open_tables(repository, previous != nullptr ? previous->tables_ : TableSet{}, verify);
  for (const auto& table : index->tables_.tables) {
    Table searched{table, {}};
    for (const ObjectId& pack : table->view.packs()) {
      const auto found = flags.find(pack);
      searched.flags.push_back(found == flags.end() ? k_not_live : found->second);
    }
    index->searched_.push_back(std::move(searched));
  }
  index->open_uncovered(repository, flags, previous, verify);
  return index;
}

void PackIndex::open_uncovered(const Repository& repository, const Flags& flags, const PackIndex* previous,
                               FooterView::Verify verify) {
  std::unordered_set<ObjectId, ObjectIdHash> covered;
  for (const auto& table : tables_.tables)
    covered.insert(table->view.packs().begin(), table->view.packs().end());
  std::unordered_map<ObjectId, std::shared_ptr<const MappedFooter>, ObjectIdHash> known;
  if (previous != nullptr)
    for (const Footer& footer : previous->footers_)
      if (verify == FooterView::Verify::no || footer.footer->rescued())
        known.emplace(footer.footer->pack(), footer.footer);
  for (auto pack = catalog_->packs.rbegin(); pack != catalog_->packs.rend(); ++pack) {
    const ObjectId& id = pack->pack.id;
    if (covered.contains(id)) continue;
    ignoring_damage([&] {
      const auto found = known.find(id);
      auto footer = found != known.end() ? found->second : open_or_rescue(repository, id, verify);
      if (!footer) {
        lost_ = true;
        return;
      }
      const std::uint8_t damage = footer->rescued() ? k_pack_damaged : 0;
      footers_.push_back({std::move(footer), static_cast<std::uint8_t>(flags.at(id) | damage)});
    });
  }
}

std::shared_ptr<const PackIndex> PackIndex::with_pack(const Repository& repository,
                                                      const CatalogPack& pack) const {
  auto index = std::make_shared<PackIndex>(*this);
  auto catalog = std::make_shared<CatalogState>(*catalog_);
  const auto listed = std::find_if(catalog->packs.begin(), catalog->packs.end(),
                                   [&](const CatalogState::Pack& known) { return known.pack.id == pack.id; });
  if (listed != catalog->packs.end()) {
    listed->pack = pack;
    return build(repository, std::move(catalog), this, FooterView::Verify::no);
  }
  catalog->packs.push_back({pack, catalog->records++});
  index->catalog_ = std::move(catalog);
  auto footer = MappedFooter::open(repository, pack.id, FooterView::Verify::no);
  if (footer) index->footers_.insert(index->footers_.begin(), {std::move(footer), pack.flags});
  return index;
}

bool PackIndex::visit_table(const Table& table, const ObjectKey& key,
                            const std::function<bool(const Copy&)>& visit) const {
  const TableView& view = table.table->view;
  if (!view.find(key)) return true;
  for (std::size_t i = view.lower_bound(key); i < view.size(); ++i) {
    const TableEntry entry = view.entry(i);
    if (entry.key != key) break;
    const std::uint8_t flags = table.flags[entry.pack];
    if (flags == k_not_live) continue;
    const ObjectLocation location{view.packs()[entry.pack], entry.block_offset, entry.ordinal};
    if (!visit({location, flags, (entry.flags & k_flag_delta) != 0})) return false;
  }
  return true;
}

void PackIndex::for_each_copy(const ObjectKey& key, const std::function<bool(const Copy&)>& visit) const {
  bool go_on = true;
  for (std::size_t i = 0; go_on && i < footers_.size(); ++i) {
    ignoring_damage([&] {
      const MappedFooter& footer = *footers_[i].footer;
      const std::optional<FooterEntry> entry = footer.view().find(key);
      if (!entry) return;
      const ObjectLocation location{footer.pack(), footer.view().block_offset(entry->block), entry->ordinal};
      go_on = visit({location, footers_[i].flags, (entry->flags & k_flag_delta) != 0});
    });
  }
  for (std::size_t i = 0; go_on && i < searched_.size(); ++i)
    ignoring_damage([&] { go_on = visit_table(searched_[i], key, visit); });
}

std::optional<PackIndex::Copy> PackIndex::find(const ObjectKey& key) const {
  std::optional<Copy> best;
  for_each_copy(key, [&best](const Copy& copy) {
    if (!best || copy.pack_flags == 0) best = copy;
    return best->pack_flags != 0;
  });
  return best;
}

std::vector<ObjectKey> PackIndex::find_prefix(std::string_view hex, std::optional<ObjectType> type,
                                              std::size_t limit) const {
  const Prefix prefix(hex);
  if (!prefix.valid()) return {};
  std::vector<ObjectKey> keys;
  // Each source gives its first `limit` matches; duplicates are dropped at the end.
  const auto scan = [&](const auto& view, const auto& is_live) {
    std::size_t taken = 0;
    for (std::size_t i = view.lower_bound(prefix.low()); i < view.size() && taken < limit; ++i) {
      const auto entry = view.entry(i);
      if (!prefix.matches(entry.key.id)) break;
      if ((type && entry.key.type != *type) || !is_live(entry)) continue;
      keys.push_back(entry.key);
      ++taken;
    }
  };
  for (const Footer& footer : footers_)
    ignoring_damage([&] { scan(footer.footer->view(), [](const FooterEntry&) { return true; }); });
  for (const Table& table : searched_)
    ignoring_damage([&] {
      scan(table.table->view, [&](const TableEntry& entry) { return table.flags[entry.pack] != k_not_live; });
    });
  std::sort(keys.begin(), keys.end(), key_less);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (keys.size() > limit) keys.resize(limit);
  return keys;
}

}  // namespace store
