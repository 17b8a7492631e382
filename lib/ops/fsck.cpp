#include "ops/fsck.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "config/config.h"
#include "format/index_metadata.h"
#include "ops/chunk_lengths.h"
#include "ops/fsck_subset.h"
#include "ops/reachability.h"
#include "ops/revision.h"
#include "pipeline/verify.h"
#include "repo/ref_files.h"
#include "repo/table_set.h"
#include "worktree/index.h"

namespace store {
namespace {

class Fsck {
 public:
  Fsck(Workspace& workspace, const FsckOptions& options) : workspace_(workspace), options_(options) {
    result_.lengths = options.lengths;
  }

  /// Phases: config; catalog and footers; blocks; refs and oplog; index; everything that they reach.
  FsckResult run() {
    if (workspace_.env().progress != nullptr) workspace_.env().progress->enter(Stage::verify);
    check_config();
    const bool packs_known = check_catalog();
    if (packs_known) {
      check_packs();
      if (options_.mode == FsckOptions::Mode::data) check_blocks();
      if (options_.mode == FsckOptions::Mode::data && !options_.subset) check_tables();
      report_marked_packs();
      mark_damaged_packs();
    }
    check_refs();
    if (packs_known) check_reachable();
    result_.damaged_packs.assign(damaged_packs_.begin(), damaged_packs_.end());
    return std::move(result_);
  }

 private:
  FsckProblem& report(std::string kind, std::string message) {
    FsckProblem problem;
    problem.kind = std::move(kind);
    problem.message = std::move(message);
    result_.problems.push_back(std::move(problem));
    return result_.problems.back();
  }

  /// Without it every setting is as built in, also those that ids depend on.
  void check_config() {
    const Repository& repository = workspace_.repository();
    if (!stat_at(repository.fd(), layout::k_config)) {
      report("config", "config: missing");
      return;
    }
    try {
      ConfigSources sources;
      sources.repository = {layout::k_config, repository.config_text()};
      const Config config(sources);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage && error.kind() != ErrorKind::corrupt) throw;
      report("config", error.message());
    }
  }

  /// If its lock is free, what stands behind the last record is nobody's record in the making. False if it cannot be read:
  /// nothing tells packs from strays then.
  bool check_catalog() {
    const Repository& repository = workspace_.repository();
    try {
      const std::optional<Lock> lock = repository.locks().try_acquire(LockName::catalog, LockMode::shared);
      const std::uint64_t good = read_catalog(repository).size;
      const std::optional<struct stat> file = stat_at(repository.fd(), layout::k_catalog);
      if (lock && file && static_cast<std::uint64_t>(file->st_size) > good) report_tail("catalog", good);
      workspace_.objects();
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      report("catalog", error.message());
      return false;
    }
  }

  /// Left by a crash, or a last record that was damaged since: the next writer cuts it off.
  void report_tail(const std::string& log, std::uint64_t offset) {
    report(log, fmt::format("{}: no complete record at offset {}, the end", log, offset)).offset = offset;
  }

  /// Brings in what others published or merged since the catalog was read; false if that is nothing.
  bool catch_up() {
    const std::optional<struct stat> file = stat_at(workspace_.repository().fd(), layout::k_catalog);
    if (!file) return false;
    const CatalogStamp now{file->st_ino, file->st_size, file->st_mtim.tv_sec, file->st_mtim.tv_nsec};
    if (now == caught_up_) return false;
    workspace_.objects().refresh();
    caught_up_ = now;
    return true;
  }

  /// What the catalog says of a pack, nothing if it does not name it (any longer).
  std::optional<CatalogPack> named(const ObjectId& id) const {
    for (const CatalogState::Pack& pack : workspace_.objects().catalog()->packs)
      if (pack.pack.id == id) return pack.pack;
    return std::nullopt;
  }

  /// Packs that a merge takes away meanwhile are no loss: those that took their place are checked instead.
  void check_packs() {
    std::set<ObjectId> seen;
    for (bool merged = true; merged;) {
      merged = false;
      const std::shared_ptr<const CatalogState> catalog = workspace_.objects().catalog();
      for (const CatalogState::Pack& pack : catalog->packs) {
        workspace_.check_cancelled();
        if (seen.insert(pack.pack.id).second && !check_pack(pack.pack)) merged = true;
      }
    }
  }

  /// False if the pack is no longer in the catalog.
  bool check_pack(const CatalogPack& pack) {
    const ObjectId& id = pack.id;
    try {
      std::optional<PackFile> file = open_pack(workspace_.repository(), id);
      if (!file) {
        catch_up();
        if (!named(id)) return false;
        file = open_pack(workspace_.repository(), id);
      }
      ++result_.packs;
      if (file) {
        check_footer(*file, pack);
      } else {
        report_pack("missing_pack", id, "the file is missing");
        incomplete_packs_[id] = {};
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      ++result_.packs;
      check_rescued(pack, error.message());
    }
    return true;
  }

  void report_pack(std::string kind, const ObjectId& pack, const std::string& message) {
    report(std::move(kind), fmt::format("pack {}: {}", pack.short_hex(), message)).pack = pack;
    damaged_packs_.insert(pack);
  }

  /// Header or footer is damaged: the blocks are looked for and checked all the same.
  void check_rescued(const CatalogPack& pack, const std::string& message) {
    damaged_packs_.insert(pack.id);
    const std::optional<PackFile> file = rescue_pack(workspace_.repository(), pack.id);
    FsckProblem& problem = report(file && !file->listed_anew ? "pack" : "footer", message);
    problem.pack = pack.id;
    if (!file) {
      incomplete_packs_[pack.id] = {};
      return;
    }
    problem.offset = file->listed_anew ? file->footer_offset : 0;
    if (file->end < file->size) {
      problem.message = fmt::format("pack {}: ends at offset {}, the {} bytes behind it are not its own", pack.id.short_hex(), file->end,
                                    file->size - file->end);
      problem.offset = file->end;
    }
    const std::size_t objects = FooterView(file->footer, FooterView::Verify::no).size();
    result_.objects += objects;
    if (objects < pack.objects) incomplete_packs_[pack.id] = file->footer;
    const std::vector<BlockPlace> blocks = blocks_of(*file);
    places_.insert(places_.end(), blocks.begin(), blocks.end());
  }

  void check_footer(const PackFile& file, const CatalogPack& pack) {
    result_.objects += FooterView(file.footer, FooterView::Verify::no).size();
    result_.bytes_read += file.footer.size();
    std::uint64_t size = pack.size;
    // A pack of the same content may have taken the file's place.
    if (size != file.size && catch_up()) size = named(file.id).value_or(pack).size;
    if (size != file.size)
      report_pack("pack", file.id, fmt::format("size {} differs from the catalog's {}", file.size, size));
    const std::vector<BlockPlace> blocks = blocks_of(file);
    places_.insert(places_.end(), blocks.begin(), blocks.end());
  }

  void check_blocks() {
    if (options_.subset) choose_subset(places_, *options_.subset);
    if (workspace_.env().progress != nullptr) {
      std::uint64_t total = 0;
      for (const BlockPlace& place : places_) total += place.end - place.offset;
      workspace_.env().progress->bytes_total = total;
    }
    const auto lengths = std::make_shared<ChunkLengths>();
    const VerifyPorts ports{
        .damaged = [this](const BlockDamage& damage) { on_damage(damage); },
        .decoded = [&](const BlockPlace& place, const DecodedBlock& block) { lengths->note(place, block); }};
    const VerifyTotals totals =
        verify_blocks(workspace_.repository(), workspace_.objects(), places_, ports,
                      {.threads = workspace_.threads(),
                       .memory = workspace_.settings().performance.max_memory_usage,
                       .cancel = workspace_.env().cancel,
                       .progress = workspace_.env().progress});
    result_.bytes_read += totals.bytes_read;
    // A repair puts something else into their place.
    for (const ObjectId& pack : damaged_packs_) lengths->forget(pack);
    result_.lengths = lengths;
  }

  /// Lookups do without a bad one, and the next writer makes it anew.
  void check_tables() {
    const TableSet tables = open_tables(workspace_.repository(), {}, FooterView::Verify::yes);
    for (const std::string& name : tables.bad)
      report("table", fmt::format("tables/{}: is damaged; it is derived from the packs", escape_name(name)));
    if (!tables.bad.empty()) workspace_.objects().refresh_checked();
  }

  void on_damage(const BlockDamage& damage) {
    damaged_packs_.insert(damage.place.pack);
    if (damage.key) bad_.insert(*damage.key);
    else mark_objects_of_block(damage);
    FsckProblem& problem = report(damage.key ? "object" : "block", damage.message);
    problem.pack = damage.place.pack;
    problem.offset = damage.place.offset;
    if (damage.key) problem.object = damage.key->id;
    else name_objects(damage, problem);
  }

  static void name_objects(const BlockDamage& damage, FsckProblem& problem) {
    if (!damage.listed.empty()) problem.object = damage.listed.front().key.id;
    for (std::size_t i = 0; i < damage.listed.size() && i < k_max_needs; ++i) problem.objects.push_back(damage.listed[i].key.id);
  }

  /// The footer still tells which objects a block that cannot be read had.
  void mark_objects_of_block(const BlockDamage& damage) {
    for (const FooterEntry& entry : damage.listed) {
      const std::optional<ObjectLocation> used = workspace_.objects().find(entry.key);
      // Another pack may hold a sound copy.
      if (used && used->pack == damage.place.pack) bad_.insert(entry.key);
      block_of_[entry.key] = damage.place;
    }
  }

  /// A damaged pack goes on answering reads, but no later add may rely on it. The mark never waits for a writer and its
  /// failure ends nothing: the damage is reported all the same, and the next fsck tries again.
  void mark_damaged_packs() {
    if (!workspace_.repository().writable()) return;
    std::vector<CatalogPack> marked;
    for (const CatalogState::Pack& pack : workspace_.objects().catalog()->packs) {
      if (!damaged_packs_.contains(pack.pack.id) || (pack.pack.flags & k_pack_damaged) != 0) continue;
      CatalogPack flagged = pack.pack;
      flagged.flags |= k_pack_damaged;
      marked.push_back(flagged);
    }
    if (marked.empty()) return;
    try {
      append_catalog(workspace_.repository(), {AddPacks{marked}}, LockWait{.timeout_ms = 0, .on_wait = {}, .cancel = nullptr});
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::bug) throw;
    }
  }

  /// What an earlier run found by reading is still so, for one that does not read it again.
  void report_marked_packs() {
    if (options_.mode == FsckOptions::Mode::data && !options_.subset) return;
    for (const CatalogState::Pack& pack : workspace_.objects().catalog()->packs) {
      if ((pack.pack.flags & k_pack_damaged) == 0 || !damaged_packs_.insert(pack.pack.id).second) continue;
      report("pack", fmt::format("pack {}: an earlier check found it damaged", pack.pack.id.short_hex())).pack = pack.pack.id;
    }
  }

  void check_refs() {
    try {
      for (const RefStore::Mismatch& mismatch : workspace_.refs().check()) {
        report("ref", mismatch.problem);
        bad_refs_.insert(mismatch.name);
        if (mismatch.record && mismatch.record->id) remembered_tips_.push_back(*mismatch.record->id);
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      report("oplog", error.message());
    }
  }

  // In order, as all here that is kept by ids that no content has shown to be right: somebody may have chosen them to have one hash.
  using Needed = std::map<ObjectKey, FsckProblem>;

  /// Tables go on naming what an incomplete pack had.
  bool is_lost(const ObjectKey& key) const {
    if (bad_.contains(key)) return true;
    if (incomplete_packs_.empty()) return false;
    const std::optional<ObjectLocation> at = workspace_.objects().find(key);
    const auto pack = at ? incomplete_packs_.find(at->pack) : incomplete_packs_.end();
    if (pack == incomplete_packs_.end()) return false;
    return pack->second.empty() || !FooterView(pack->second, FooterView::Verify::no).find(key);
  }

  void check_reachable() {
    Reachability reach(workspace_.objects(), [this](const ObjectKey& key) { return is_lost(key); },
                       [this] { return catch_up(); }, [this](const ObjectKey& key) { result_.missing.insert(key); },
                       [this](const ObjectKey& chunk) { return length_of(chunk); });
    Needed needed;
    check_commits(reach, needed);
    check_index(reach, needed);
    for (auto& [key, problem] : needed) {
      if (reach.has_wrong_size(key)) tell_size(key, std::move(problem));
      else attach(key, std::move(problem));
    }
  }

  std::optional<std::uint64_t> length_of(const ObjectKey& chunk) const {
    if (!result_.lengths) return std::nullopt;
    const std::optional<ObjectLocation> at = workspace_.objects().find(chunk);
    return at ? result_.lengths->at(*at) : std::nullopt;
  }

  /// No writer of ours makes such a tree or recipe, and readers refuse what it says of that path.
  void tell_size(const ObjectKey& key, FsckProblem&& need) {
    need.kind = "size";
    need.message = fmt::format("{} {}: says another size than its content has", name_of(key.type), key.id.short_hex());
    locate(key, need);
    result_.problems.push_back(std::move(need));
  }

  void check_commits(Reachability& reach, Needed& needed) {
    std::vector<ObjectId> queue = tips();
    std::set<ObjectId> visited(queue.begin(), queue.end());
    while (!queue.empty()) {
      workspace_.check_cancelled();
      const ObjectId id = queue.back();
      queue.pop_back();
      try {
        const Commit commit = read_commit(workspace_.objects(), id);
        for (const Reachability::Need& need : reach.tree(commit.tree)) add_need(needed, need, id);
        if (commit.attributes)
          for (const Reachability::Need& need : reach.attributes(*commit.attributes, commit.tree)) add_need(needed, need, id);
        for (const ObjectId& parent : commit.parents)
          if (visited.insert(parent).second) queue.push_back(parent);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::corrupt) throw;
        if (catch_up())
          queue.push_back(id);
        else
          needs_commit(needed, id);
      }
    }
  }

  void needs_commit(Needed& needed, const ObjectId& id) {
    add_need(needed, {{ObjectType::commit, id}, ""}, id);
    result_.missing.insert({ObjectType::commit, id});
  }

  /// Of every ref that can be read, and of those that cannot what the oplog remembers.
  std::vector<ObjectId> tips() {
    std::vector<std::string> names = list_ref_names(workspace_.repository().fd(), "refs/");
    names.emplace_back(layout::k_head);
    std::vector<ObjectId> tips = remembered_tips_;
    for (const std::string& name : names) {
      try {
        const std::optional<RefValue> value = workspace_.refs().read(name);
        if (value && value->id) tips.push_back(*value->id);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::corrupt) throw;
        if (!bad_refs_.contains(name)) report("ref", error.message());
      }
    }
    std::sort(tips.begin(), tips.end());
    tips.erase(std::unique(tips.begin(), tips.end()), tips.end());
    return tips;
  }

  void check_index(Reachability& reach, Needed& needed) {
    try {
      const Repository& repository = workspace_.repository();
      // A writer at work may have a batch half written.
      const std::optional<Lock> lock = repository.locks().try_acquire(LockName::index, LockMode::shared);
      const Index index(repository.fs(), repository.fd());
      if (lock && index.torn_bytes() != 0) {
        report("index", fmt::format("index.log: {} bytes at the end are no complete batch", index.torn_bytes()));
      }
      for (Index::Cursor at = index.seek(""); !at.at_end(); at.next()) {
        const IndexEntry& entry = at.entry();
        for (const Xattr& xattr : decode_index_metadata(entry.metadata).attributes.xattrs)
          if (xattr.chunk && !reach.available({ObjectType::chunk, *xattr.chunk}))
            add_need(needed, {{ObjectType::chunk, *xattr.chunk}, entry.path}, {});
        if (entry.kind == EntryKind::directory) continue;
        const std::optional<ObjectKey> key = object_of(entry.kind, entry.size, entry.id);
        if (!key) continue;
        if (key->type == ObjectType::recipe) {
          for (const Reachability::Need& need : reach.recipe(key->id)) add_need(needed, {need.key, entry.path}, {});
        } else if (!reach.available(*key)) {
          add_need(needed, {*key, entry.path}, {});
          continue;
        }
        if (!reach.fits(*key, entry.size))
          report("index", fmt::format("index: {}: says another size than its content has", escape_name(entry.path)));
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      report("index", error.message());
    }
  }

  static void add_need(Needed& needed, const Reachability::Need& need, const std::optional<ObjectId>& commit) {
    FsckProblem& problem = needed[need.key];
    if (commit && std::find(problem.commits.begin(), problem.commits.end(), *commit) == problem.commits.end())
      problem.commits.push_back(*commit);
    if (problem.paths.size() < k_max_needs && !need.path.empty() &&
        std::find(problem.paths.begin(), problem.paths.end(), need.path) == problem.paths.end())
      problem.paths.push_back(need.path);
  }

  /// What needs an object goes to the damage that was found for it, or is a problem of its own.
  void attach(const ObjectKey& key, FsckProblem&& need) {
    const bool gone = !workspace_.objects().contains(key) || is_lost(key);
    for (FsckProblem& problem : result_.problems) {
      const auto block = block_of_.find(key);
      const bool same_object = problem.object == key.id;
      const bool same_block = problem.kind == "block" && block != block_of_.end() && problem.pack == block->second.pack &&
                              problem.offset == block->second.offset;
      // Without its footer nothing tells what else a pack had.
      const bool lost_with_pack = gone && problem.kind == "footer" && incomplete_packs_.contains(*problem.pack);
      if (!same_object && !same_block && !lost_with_pack) continue;
      problem.commits.insert(problem.commits.end(), need.commits.begin(), need.commits.end());
      problem.paths.insert(problem.paths.end(), need.paths.begin(), need.paths.end());
      remove_duplicates(problem);
      return;
    }
    need.kind = "missing_object";
    need.message = fmt::format("{} {}: missing or unreadable", name_of(key.type), key.id.short_hex());
    locate(key, need);
    result_.problems.push_back(std::move(need));
  }

  void locate(const ObjectKey& key, FsckProblem& problem) const {
    problem.object = key.id;
    if (const std::optional<ObjectLocation> at = workspace_.objects().find(key)) {
      problem.pack = at->pack;
      problem.offset = at->block_offset;
    }
  }

  static void remove_duplicates(FsckProblem& problem) {
    std::sort(problem.commits.begin(), problem.commits.end());
    problem.commits.erase(std::unique(problem.commits.begin(), problem.commits.end()), problem.commits.end());
    std::sort(problem.paths.begin(), problem.paths.end(), PathLess());
    problem.paths.erase(std::unique(problem.paths.begin(), problem.paths.end()), problem.paths.end());
    if (problem.paths.size() > k_max_needs) problem.paths.resize(k_max_needs);
  }

  Workspace& workspace_;
  const FsckOptions& options_;
  FsckResult result_;
  std::vector<BlockPlace> places_;
  using CatalogStamp = std::tuple<ino_t, off_t, time_t, long>;
  std::optional<CatalogStamp> caught_up_;  // the catalog file as it was at the last look
  std::set<std::string> bad_refs_;  // reported
  std::vector<ObjectId> remembered_tips_;
  std::set<ObjectId> damaged_packs_;
  std::map<ObjectId, Bytes> incomplete_packs_;  // whose footer is lost, and with it objects: the footer of what is left, if any is
  std::set<ObjectKey> bad_;
  std::map<ObjectKey, BlockPlace> block_of_;
};

}  // namespace

FsckResult fsck_inside(Workspace& workspace, const FsckOptions& options) { return Fsck(workspace, options).run(); }

FsckResult fsck(Workspace& workspace, const FsckOptions& options) {
  const Lock lock = enter_repository(workspace.repository().locks(), workspace.lock_wait());
  return fsck_inside(workspace, options);
}

}  // namespace store
