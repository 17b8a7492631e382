#include "ops/repack.h"

#include <algorithm>

#include "ops/staging.h"
#include "pipeline/repack.h"
#include "repo/pack_replace.h"
#include "repo/session.h"

namespace store {
namespace {

using Group = std::vector<CatalogPack>;

/// Packs that go together. A commit's figures are those of the packs since the commit before: nothing crosses that border.
std::vector<Group> groups_of(const CatalogHistory& catalog) {
  std::uint64_t border = 0;
  for (const CatalogHistory::Entry& entry : catalog.layers)
    if (entry.layer.commit) border = entry.sequence;
  std::vector<Group> groups;
  std::uint64_t bytes = 0;
  std::uint64_t objects = 0;
  bool staged = false;
  for (const CatalogState::Pack& pack : catalog.state.packs) {
    if ((pack.pack.flags & (k_pack_damaged | k_pack_unverified)) != 0) continue;
    const bool behind = pack.sequence > border;
    const bool full = bytes + pack.pack.size > k_pack_size_limit || objects + pack.pack.objects > k_pack_object_limit;
    if (groups.empty() || full || behind != staged) {
      groups.emplace_back();
      bytes = objects = 0;
    }
    groups.back().push_back(pack.pack);
    bytes += pack.pack.size;
    objects += pack.pack.objects;
    staged = behind;
  }
  return groups;
}

RepackOptions options_of(const Workspace& workspace) {
  return {.compression = compression_options(workspace.settings()),
          .threads = workspace.threads(),
          .memory = workspace.settings().performance.max_memory_usage,
          .sync = workspace.settings().core.fsync,
          .cancel = workspace.env().cancel,
          .progress = workspace.env().progress};
}

bool holds(const Group& packs, const ObjectId& id) {
  return std::ranges::any_of(packs, [&](const CatalogPack& pack) { return pack.id == id; });
}

/// A pack that comes out as it was has the name it had: it stays, and must not be taken away as one that was replaced.
void replace_group(const Workspace& workspace, Group group, Group fresh) {
  const Repository& repository = workspace.repository();
  const CatalogState catalog = read_catalog(repository);
  std::erase_if(group, [&](const CatalogPack& pack) { return holds(fresh, pack.id); });
  std::erase_if(fresh, [&](const CatalogPack& pack) {
    return std::ranges::any_of(catalog.packs, [&](const CatalogState::Pack& live) { return live.pack.id == pack.id; });
  });
  if (!group.empty() || !fresh.empty()) publish_replacement(repository, group, fresh, workspace.lock_wait());
}

/// Nothing changes if a pack of the group is damaged: it is marked, the others are for another run.
void rewrite_group(Workspace& workspace, const Session& session, Group group, std::vector<ObjectId>& damaged) {
  const Repository& repository = workspace.repository();
  const RepackOptions options = options_of(workspace);
  while (!group.empty()) {
    std::optional<CatalogPack> bad;
    std::optional<Group> fresh =
        rewrite_packs(repository, workspace.objects(), group, session.directory_fd(), options, bad);
    if (fresh) {
      replace_group(workspace, group, *fresh);
      workspace.objects().refresh();
      return;
    }
    mark_damaged(repository, *bad, workspace.lock_wait());
    damaged.push_back(bad->id);
    std::erase_if(group, [&](const CatalogPack& pack) { return pack.id == bad->id; });
  }
}

}  // namespace

std::uint64_t pack_bytes(const CatalogState& catalog) {
  std::uint64_t bytes = 0;
  for (const CatalogState::Pack& pack : catalog.packs) bytes += pack.pack.size;
  return bytes;
}

RepackResult repack(Workspace& workspace) {
  const Repository& repository = workspace.repository();
  Session session = Session::open(repository, workspace.env().command, workspace.lock_wait());
  const Lock lock = repository.locks().acquire(LockName::merge, LockMode::exclusive, workspace.lock_wait());
  const CatalogHistory catalog = read_catalog_history(repository);
  RepackResult result;
  result.bytes_before = pack_bytes(catalog.state);
  result.packs_before = catalog.state.packs.size();
  if (Progress* progress = workspace.env().progress) {
    progress->enter(Stage::write);
    progress->bytes_total = result.bytes_before;
  }
  for (Group& group : groups_of(catalog)) rewrite_group(workspace, session, std::move(group), result.damaged);
  const CatalogState after = read_catalog(repository);
  result.bytes_after = pack_bytes(after);
  result.packs_after = after.packs.size();
  session.remove();
  return result;
}

}  // namespace store
