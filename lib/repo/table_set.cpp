#include "repo/table_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "base/error.h"
#include "repo/directory.h"
#include "repo/table_merge.h"

namespace store {
namespace {

constexpr std::string_view k_suffix = ".table";
constexpr std::uint64_t k_first_tier = 8192;   // entries: tables below (400 KB) are one tier
constexpr std::size_t k_max_new_packs = 4096;  // in one step: each takes a mapping

std::string table_path(const std::string& name) { return fmt::format("{}/{}", layout::k_tables, name); }

/// Nothing if the file is gone. Error{corrupt} or {newer_format} if it cannot be used.
std::shared_ptr<const OpenTable> open_table(const Repository& repository, const std::string& name,
                                            const TableSet& previous, FooterView::Verify verify) {
  const std::string path = table_path(name);
  const std::optional<UniqueFd> fd = open_if_exists(repository.fd(), path);
  if (!fd) return nullptr;
  const struct stat status = stat_fd(fd->get(), path);
  const auto inode = static_cast<std::uint64_t>(status.st_ino);
  if (verify == FooterView::Verify::no)
    for (const auto& known : previous.tables)
      if (known->name == name && known->inode == inode) return known;
  MappedFile file(fd->get(), static_cast<std::size_t>(status.st_size), path);
  const TableView view(file.view(), verify);
  return std::make_shared<const OpenTable>(OpenTable{name, inode, std::move(file), view});
}

bool is_table_name(std::string_view name) {
  return name.size() > k_suffix.size() && name.substr(name.size() - k_suffix.size()) == k_suffix;
}

int tier_of(std::uint64_t entries) {
  return entries < k_first_tier ? 0 : 1 + (static_cast<int>(std::bit_width(entries / k_first_tier)) - 1) / 3;
}

/// A table as the planner sees it.
struct Candidate {
  std::shared_ptr<const OpenTable> table;
  std::uint64_t live_entries = 0;
  bool absorbed = false;
};

/// Chooses what goes into the next table.
class Planner {
 public:
  Planner(const CatalogState& catalog, const TableSet& tables) {
    std::unordered_map<ObjectId, std::uint32_t, ObjectIdHash> objects;
    for (const CatalogState::Pack& pack : catalog.packs) objects.emplace(pack.pack.id, pack.pack.objects);
    for (const auto& table : tables.tables) {
      Candidate candidate{.table = table};
      for (const ObjectId& pack : table->view.packs()) {
        const auto found = objects.find(pack);
        if (found == objects.end()) continue;
        candidate.live_entries += found->second;
        covered_.insert(pack);
      }
      candidates_.push_back(std::move(candidate));
    }
    for (const auto& [pack, count] : objects) live_.insert(pack);
    for (const CatalogState::Pack& pack : catalog.packs)
      if (!covered_.contains(pack.pack.id)) uncovered_.push_back(pack.pack.id);
  }

  const PackSet& live() const { return live_; }
  const std::vector<ObjectId>& uncovered() const { return uncovered_; }

  /// `new_entries`: of packs that enter a table now, 0 for none.
  std::vector<std::shared_ptr<const OpenTable>> choose(std::uint64_t new_entries) {
    std::uint64_t entries = new_entries;
    bool writes = new_entries != 0;
    const auto absorb = [&](Candidate& candidate) {
      candidate.absorbed = true;
      entries += candidate.live_entries;
      writes = true;
    };
    for (Candidate& candidate : candidates_)
      if (candidate.live_entries < (candidate.table->view.size() + 1) / 2) absorb(candidate);
    for (Candidate& candidate : candidates_)  // ascending by size
      if (writes && !candidate.absorbed && tier_of(candidate.table->view.size()) <= tier_of(entries))
        absorb(candidate);
    for (Candidate& candidate : candidates_)
      if (!candidate.absorbed && left() + (writes ? 1 : 0) > k_max_tables) absorb(candidate);
    std::vector<std::shared_ptr<const OpenTable>> chosen;
    for (const Candidate& candidate : candidates_)
      if (candidate.absorbed) chosen.push_back(candidate.table);
    return chosen;
  }

 private:
  std::size_t left() const {
    return static_cast<std::size_t>(
        std::count_if(candidates_.begin(), candidates_.end(),
                      [](const Candidate& candidate) { return !candidate.absorbed; }));
  }
  std::vector<Candidate> candidates_;
  PackSet live_;
  PackSet covered_;
  std::vector<ObjectId> uncovered_;
};

/// Opens and checks the footers that are to enter a table. A pack that does not check stays outside: fsck's
/// business.
std::vector<std::shared_ptr<const MappedFooter>> open_footers(const Repository& repository,
                                                              const std::vector<ObjectId>& packs) {
  std::vector<std::shared_ptr<const MappedFooter>> footers;
  for (std::size_t i = 0; i < std::min(packs.size(), k_max_new_packs); ++i) {
    try {
      auto footer = MappedFooter::open(repository, packs[i], FooterView::Verify::yes);
      if (footer) footers.push_back(std::move(footer));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
    }
  }
  return footers;
}

/// Tables are checked in full when they are merged; a bad one is left out, and its packs enter by their
/// footers.
bool checks_in_full(const OpenTable& table) {
  try {
    const TableView checked(table.file.view(), FooterView::Verify::yes);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return false;
  }
}

void unlink_tables(const Repository& repository, const std::vector<std::string>& names,
                   const std::string& keep) {
  for (const std::string& name : names)
    if (name != keep) unlink_if_exists(repository.fs(), repository.fd(), table_path(name));
}

}  // namespace

TableSet open_tables(const Repository& repository, const TableSet& previous, FooterView::Verify verify) {
  TableSet result;
  for (const std::string& name : list_directory(repository.fd(), layout::k_tables)) {
    if (!is_table_name(name)) continue;
    try {
      if (auto table = open_table(repository, name, previous, verify))
        result.tables.push_back(std::move(table));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::newer_format) continue;  // not for us, and not ours to remove
      if (error.kind() != ErrorKind::corrupt) throw;
      result.bad.push_back(name);
    }
  }
  std::stable_sort(result.tables.begin(), result.tables.end(),
                   [](const auto& a, const auto& b) { return a->view.size() < b->view.size(); });
  return result;
}

bool improve_tables(const Repository& repository, const CatalogState& catalog, const TableSet& tables) {
  Planner planner(catalog, tables);
  TableInputs inputs;
  if (planner.uncovered().size() > k_max_uncovered_packs)
    inputs.footers = open_footers(repository, planner.uncovered());
  if (inputs.footers.size() <= k_max_uncovered_packs) inputs.footers.clear();
  std::uint64_t new_entries = 0;
  for (const auto& footer : inputs.footers) new_entries += footer->view().size();
  inputs.tables = planner.choose(new_entries);
  if (inputs.tables.empty() && inputs.footers.empty() && tables.bad.empty()) return false;

  std::vector<std::string> done = tables.bad;
  for (const auto& table : inputs.tables) done.push_back(table->name);
  const auto bad = [](const auto& table) { return !checks_in_full(*table); };
  inputs.tables.erase(std::remove_if(inputs.tables.begin(), inputs.tables.end(), bad), inputs.tables.end());
  const std::string written = write_merged_table(repository, inputs, planner.live());
  unlink_tables(repository, done, written);
  return true;
}

}  // namespace store
