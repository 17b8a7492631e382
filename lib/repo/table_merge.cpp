#include "repo/table_merge.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <queue>

#include "base/error.h"
#include "hash/sha256.h"
#include "repo/directory.h"

namespace store {
namespace {

constexpr char k_temporary[] = "tables/new.tmp";  // one writer at a time: the merge lock
constexpr std::uint32_t k_dropped = std::numeric_limits<std::uint32_t>::max();

/// Runs through one input in key order, skipping entries of packs that are dead or come from another input.
class Source {
 public:
  Source(const OpenTable& table, std::vector<std::uint32_t> pack_map)
      : table_(&table.view), pack_map_(std::move(pack_map)) {}
  Source(const MappedFooter& footer, std::uint32_t pack) : footer_(&footer.view()), pack_map_{pack} {}

  /// Steps to the next entry; false at the end.
  bool next() {
    const std::size_t size = footer_ != nullptr ? footer_->size() : table_->size();
    while (position_ < size) {
      entry_ = footer_ != nullptr ? from_footer(position_++) : table_->entry(position_++);
      entry_.pack = pack_map_[entry_.pack];
      if (entry_.pack != k_dropped) return true;
    }
    return false;
  }
  const TableEntry& entry() const { return entry_; }

  /// How many times next() says true from the start.
  std::uint64_t count() const {
    if (footer_ != nullptr) return footer_->size();
    if (std::find(pack_map_.begin(), pack_map_.end(), k_dropped) == pack_map_.end()) return table_->size();
    std::uint64_t kept = 0;
    for (std::size_t i = 0; i < table_->size(); ++i)
      kept += pack_map_[table_->entry(i).pack] != k_dropped ? 1 : 0;
    return kept;
  }

 private:
  TableEntry from_footer(std::size_t index) const {
    const FooterEntry entry = footer_->entry(index);
    const std::uint64_t offset = footer_->block_offset(entry.block);
    if (offset > std::numeric_limits<std::uint32_t>::max())
      throw_corrupt(fmt::format("footer: block offset {} exceeds 4 GiB", offset));
    return {entry.key, entry.flags, 0, static_cast<std::uint32_t>(offset), entry.ordinal};
  }

  const TableView* table_ = nullptr;
  const FooterView* footer_ = nullptr;
  std::vector<std::uint32_t> pack_map_;  // pack index of the input → of the output
  std::size_t position_ = 0;
  TableEntry entry_;
};

struct Sources {
  std::vector<Source> sources;
  std::vector<ObjectId> packs;  // of the output
};

/// Gives every live pack to the first input that has it.
Sources collect_sources(const TableInputs& inputs, const PackSet& live) {
  Sources result;
  PackSet taken;
  const auto take = [&](const ObjectId& pack) {
    if (!live.contains(pack) || !taken.insert(pack).second) return k_dropped;
    result.packs.push_back(pack);
    return static_cast<std::uint32_t>(result.packs.size() - 1);
  };
  for (const auto& table : inputs.tables) {
    std::vector<std::uint32_t> map;
    for (const ObjectId& pack : table->view.packs()) map.push_back(take(pack));
    result.sources.emplace_back(*table, std::move(map));
  }
  for (const auto& footer : inputs.footers)
    if (const std::uint32_t pack = take(footer->pack()); pack != k_dropped)
      result.sources.emplace_back(*footer, pack);
  return result;
}

void merge_into(TableWriter& writer, std::vector<Source>& sources) {
  const auto later = [&sources](std::size_t a, std::size_t b) {
    const ObjectKey& left = sources[a].entry().key;
    const ObjectKey& right = sources[b].entry().key;
    return left == right ? a > b : key_less(right, left);
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> queue(later);
  for (std::size_t i = 0; i < sources.size(); ++i)
    if (sources[i].next()) queue.push(i);
  while (!queue.empty()) {
    const std::size_t first = queue.top();
    queue.pop();
    writer.add(sources[first].entry());
    if (sources[first].next()) queue.push(first);
  }
}

std::string table_name(const std::vector<ObjectId>& packs) {
  Sha256 hash;
  for (const ObjectId& pack : packs) hash.update(pack.view());
  return hash.finish().short_hex(32) + ".table";
}

}  // namespace

std::string write_merged_table(const Repository& repository, const TableInputs& inputs, const PackSet& live) {
  Sources merged = collect_sources(inputs, live);
  if (merged.packs.empty()) return {};
  std::uint64_t count = 0;
  for (const Source& source : merged.sources) count += source.count();

  FileSystem& fs = repository.fs();
  UniqueFd fd = fs.open({repository.fd(), k_temporary}, O_WRONLY | O_CREAT | O_TRUNC);
  try {
    std::uint64_t offset = 0;
    TableWriter writer(merged.packs, count, [&](ByteView bytes) {
      fs.pwrite(fd.get(), bytes, offset);
      offset += bytes.size();
    });
    merge_into(writer, merged.sources);
    writer.finish();
    // Derived, but its checksum is not computed at every start: what has the name should be whole after a power
    // loss.
    fs.fdatasync(fd.get());
    fd.reset();
    const std::string name = table_name(merged.packs);
    const std::string path = fmt::format("{}/{}", layout::k_tables, name);
    fs.rename({repository.fd(), k_temporary}, {repository.fd(), path.c_str()});
    return name;
  } catch (...) {
    quietly([&] { unlink_if_exists(fs, repository.fd(), k_temporary); });
    throw;
  }
}

}  // namespace store
