#include "ops/repair.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "ops/merge_base.h"
#include "ops/repair_parts.h"
#include "ops/write_access.h"
#include "repo/directory.h"
#include "repo/log_repair.h"

namespace store {
namespace {

/// Each round may show what lay below something that the one before brought back.
constexpr int k_most_rounds = 100;

void repair_config(RepairSite& site, const std::string& config_text) {
  const Repository& repository = site.workspace.repository();
  if (stat_at(repository.fd(), layout::k_config)) return;
  remove_leftovers(repository.fs(), repository.fd(), layout::k_config);
  replace_file(repository.fs(), repository.fd(), layout::k_config, as_bytes(config_text), SyncDirectory::yes);
  site.done("config", "config: was missing: has the settings of now, which need not be those that the repository was made with");
}

void repair_catalog(RepairSite& site) {
  const Workspace& workspace = site.workspace;
  if (const auto said = rebuild_catalog(workspace.repository(), site.quarantine, workspace.lock_wait())) site.done("catalog", *said);
}

std::vector<CatalogPack> name_packs(RepairSite& site, Replaced replaced) {
  const Workspace& workspace = site.workspace;
  std::vector<CatalogPack> named = name_stray_packs(workspace.repository(), replaced, workspace.lock_wait());
  for (const CatalogPack& pack : named)
    site.done("catalog", fmt::format("pack {}: was not in the catalog: is now", pack.id.short_hex()), {}, pack.id);
  return named;
}

bool descends(const Workspace& workspace, const ObjectId& commit, const ObjectId& ancestor) {
  try {
    const std::vector<ObjectId> bases = merge_bases(workspace, commit, ancestor);
    return bases.size() == 1 && bases.front() == ancestor;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return false;
  }
}

void repair_all_refs(RepairSite& site) {
  const Workspace& workspace = site.workspace;
  RefRepair rules;
  rules.command = workspace.env().command;
  rules.time.seconds = workspace.env().now_seconds;
  rules.fallback_branch = std::string(layout::k_heads) + "/main";
  rules.descends = [&](const ObjectId& commit, const ObjectId& ancestor) { return descends(workspace, commit, ancestor); };
  for (std::string& said : repair_refs(workspace.repository(), site.quarantine, rules, workspace.lock_wait())) {
    const std::string kind = said.starts_with(layout::k_oplog) ? "oplog" : "ref";
    site.done(kind, std::move(said));
  }
}

std::vector<std::string> needy_paths(const FsckResult& result) {
  std::vector<std::string> paths;
  for (const FsckProblem& problem : result.problems) paths.insert(paths.end(), problem.paths.begin(), problem.paths.end());
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

/// Packs that an earlier check found damaged, and that are whole: they heal when somebody puts a good copy there.
void clear_marks(RepairSite& site, const FsckOptions& options, const FsckResult& found) {
  if (options.mode != FsckOptions::Mode::data || options.subset) return;
  AddPacks healed;
  for (const CatalogState::Pack& pack : read_catalog(site.workspace.repository()).packs) {
    if ((pack.pack.flags & k_pack_damaged) == 0 || std::ranges::find(found.damaged_packs, pack.pack.id) != found.damaged_packs.end())
      continue;
    healed.packs.push_back(pack.pack);
    healed.packs.back().flags &= static_cast<std::uint8_t>(~k_pack_damaged);
    site.done("pack", fmt::format("pack {}: is whole, and relied on again", pack.pack.id.short_hex()), {}, pack.pack.id);
  }
  if (!healed.packs.empty()) append_catalog(site.workspace.repository(), {healed}, site.workspace.lock_wait());
}

/// Seals what interrupted commands had stored. Their journals are for the next add; what a repair left goes.
void adopt_sessions(RepairSite& site) {
  const Repository& repository = site.workspace.repository();
  for (DeadSession& session : adopt_interrupted(site.workspace))
    if (!stat_at(session.directory.get(), layout::k_journal)) remove_session(repository, std::move(session));
}

/// Structure alone: what the packs hold was read before, and what was written since was checked then.
FsckResult look_again(RepairSite& site, const FsckResult& found) {
  FsckOptions structure;
  structure.mode = FsckOptions::Mode::quick;
  structure.lengths = found.lengths;
  return fsck_inside(site.workspace, structure);
}

/// Packs that were replaced, but are still there or again, may have what is missing.
void bring_back_packs(RepairSite& site) {
  std::vector<ObjectId> damaged;
  for (const CatalogPack& pack : name_packs(site, Replaced::named))
    if (pack.flags != 0) damaged.push_back(pack.id);
  repair_packs(site, damaged);
  site.workspace.objects().refresh();
}

/// Returns what is still wrong.
FsckResult bring_back_objects(RepairSite& site, const FsckResult& found) {
  FsckResult left = look_again(site, found);
  if (left.missing.empty()) return left;
  bring_back_packs(site);
  left = look_again(site, found);
  std::uint64_t stored = 0;
  for (int round = 0; round < k_most_rounds && !left.missing.empty(); ++round) {
    const std::uint64_t more = take_from_worktree(site, left.missing, needy_paths(left));
    if (more == 0) break;
    stored += more;
    left = look_again(site, found);
  }
  if (stored != 0) site.done("missing_object", fmt::format("{} objects were stored again from the working tree", stored));
  // What `save` remembers of a file would be believed although some of its content is missing now.
  if (!left.missing.empty()) site.quarantine.take_folder(layout::k_saves);
  return left;
}

}  // namespace

/// Phases: the catalog, so that packs can be told from strays; a look at everything; packs and tables; refs; the index, which may
/// need a commit; what is missing then.
RepairResult repair(Workspace& workspace, const FsckOptions& options, const std::string& config_text) {
  const Repository& repository = workspace.repository();
  if (!repository.writable())
    throw Error(ErrorKind::permission, fmt::format("{}: is read-only", escape_name(repository.path())));
  Session session = Session::open(repository, workspace.env().command, workspace.lock_wait());
  const Lock index_lock = repository.locks().acquire(LockName::index, LockMode::exclusive, workspace.lock_wait());
  Lock merge_lock = repository.locks().acquire(LockName::merge, LockMode::exclusive, workspace.lock_wait());
  RepairResult result;
  RepairSite site{workspace, session, Quarantine(repository), result.repaired};
  repair_config(site, config_text);
  repair_catalog(site);
  adopt_sessions(site);
  name_packs(site, Replaced::left_alone);
  const FsckResult found = fsck_inside(workspace, options);
  repair_packs(site, found.damaged_packs);
  clear_marks(site, options, found);
  repair_tables(site);
  repair_all_refs(site);
  repair_index(site);
  result.left = bring_back_objects(site, found);
  result.left.bytes_read += found.bytes_read;
  merge_lock.release();
  workspace.objects().maintain_tables();
  session.remove();
  return result;
}

}  // namespace store
