#include "ops/growth.h"

#include <fcntl.h>

#include "base/error.h"
#include "base/path.h"
#include "ops/commit_graph.h"
#include "ops/pack_blocks.h"
#include "ops/tree_reader.h"

namespace store {
namespace {

constexpr std::size_t k_open_packs = 64;

/// Parents before children.
std::vector<ObjectId> oldest_first(const Workspace& workspace, const std::vector<ObjectId>& tips) {
  std::vector<ObjectId> commits;
  CommitWalk walk(workspace, tips, {}, Parents::all);
  while (const std::optional<CommitWalk::Item> item = walk.next()) commits.push_back(item->id);
  return {commits.rbegin(), commits.rend()};
}

void add(Growth& sum, const Growth& more) {
  sum.new_bytes += more.new_bytes;
  sum.new_stored_bytes += more.new_stored_bytes;
}

}  // namespace

GrowthMeter::GrowthMeter(const Workspace& workspace)
    : workspace_(workspace),
      marks_(workspace),
      walk_(workspace, marks_, [this](const ObjectKey& key, std::uint64_t length) { met(key, length); }) {}

/// Objects that are met together mostly lie in one block.
void GrowthMeter::met(const ObjectKey& key, std::uint64_t length) {
  if (key.type == ObjectType::chunk) growth_.new_bytes += length;
  const std::optional<ObjectLocation> at = workspace_.objects().find(key);
  if (!at) return;
  if (!block_ || block_->pack != at->pack || block_->offset != at->block_offset) {
    if (packs_.size() >= k_open_packs) packs_.clear();
    UniqueFd& fd = packs_[at->pack];
    if (!fd) fd = open_readonly(workspace_.repository().fd(), layout::pack_path(at->pack));
    const PackBlock block = read_block_header(fd.get(), at->pack, at->block_offset);
    block_ = Block{at->pack, at->block_offset, block.end - block.offset, block.header.raw_length};
  }
  __extension__ using Wide = unsigned __int128;
  if (block_->raw != 0)
    growth_.new_stored_bytes += static_cast<std::uint64_t>(static_cast<Wide>(block_->stored) * length / block_->raw);
}

Growth GrowthMeter::commit(const ObjectId& id, const Commit& commit) {
  walk_.commit(id, commit);
  return take();
}

Growth GrowthMeter::entry(const TreeEntry& entry) {
  walk_.entry(entry.kind, entry.size, entry.id);
  return take();
}

std::unordered_map<ObjectId, Growth, ObjectIdHash> growth_of_history(const Workspace& workspace,
                                                                      const std::vector<ObjectId>& tips) {
  std::unordered_map<ObjectId, Growth, ObjectIdHash> growth;
  GrowthMeter meter(workspace);
  for (const ObjectId& id : oldest_first(workspace, tips))
    growth.emplace(id, meter.commit(id, read_commit(workspace.objects(), id)));
  return growth;
}

void du(const Workspace& workspace, const TreeEntry& entry, const std::string& path, const std::optional<ObjectId>& base,
        const std::function<void(const DuEntry&)>& visit, const std::function<void(const DuEntry&)>& total) {
  std::optional<GrowthMeter> meter;
  if (base) {
    meter.emplace(workspace);
    for (const ObjectId& id : oldest_first(workspace, read_commit(workspace.objects(), *base).parents))
      meter->commit(id, read_commit(workspace.objects(), id));
  }
  DuEntry all{path, entry, {}};
  if (meter) all.growth.emplace();
  const auto add_entry = [&](const std::string& name, const TreeEntry& found) {
    workspace.check_cancelled();
    DuEntry one{name, found, {}};
    if (meter) {
      one.growth = meter->entry(found);
      add(*all.growth, *one.growth);
    }
    visit(one);
  };
  if (entry.kind == EntryKind::directory) {
    for (TreeCursor at(workspace.objects(), entry.id); !at.at_end(); at.next())
      add_entry(join_path(path, at.entry().name), at.entry());
    if (meter) add(*all.growth, meter->entry(entry));  // the directory's own nodes
  } else {
    add_entry(path, entry);
  }
  total(all);
}

}  // namespace store
