#include <fmt/format.h>

#include "base/error.h"
#include "base/path.h"
#include "ops/content_match.h"
#include "ops/index_attributes.h"
#include "ops/repair_parts.h"
#include "ops/revision.h"
#include "ops/tree_reader.h"
#include "worktree/index_repair.h"

namespace store {
namespace {

/// A tree as entries of an index whose files nobody looked at; what cannot be read of it is left out.
class TreeEntries {
 public:
  TreeEntries(const ObjectReader& objects, const std::function<void(IndexEntry)>& put) : objects_(objects), put_(put) {}

  void walk(const ObjectId& tree, const std::string& path, std::size_t depth) {
    if (depth > k_max_tree_depth) return;
    try {
      for (TreeCursor at(objects_, tree); !at.at_end(); at.next()) {
        const std::string below = join_path(path, at.entry().name);
        put(below, at.entry());
        if (at.entry().kind != EntryKind::directory) continue;
        at.suspend();
        walk(at.entry().id, below, depth + 1);
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
    }
  }

 private:
  void put(const std::string& path, const TreeEntry& entry) {
    IndexEntry staged = index_entry_of(path, entry);
    if (entry.kind != EntryKind::directory) staged.chunks = chunks(entry);
    put_(std::move(staged));
  }
  std::uint64_t chunks(const TreeEntry& entry) const {
    try {
      return chunk_count(objects_, entry);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      return 0;  // counted again by the next add that reads the file
    }
  }
  const ObjectReader& objects_;
  const std::function<void(IndexEntry)>& put_;
};

/// HEAD's tree as far as it can be read; nothing if there is no commit, or none that can be read.
std::optional<IndexOrigin> origin_of(const Workspace& workspace) {
  try {
    const std::optional<ObjectId> head = workspace.refs().head().commit;
    if (!head) return std::nullopt;
    const ObjectId tree = read_commit(workspace.objects(), *head).tree;
    return IndexOrigin{tree, [&workspace, tree](const std::function<void(IndexEntry)>& put) {
                         put(root_index_entry());
                         TreeEntries(workspace.objects(), put).walk(tree, "", 0);
                       }};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return std::nullopt;
  }
}

/// A working tree with a commit has an index: one of which everything was removed has that in its log, or a base without it.
bool is_lost(const Workspace& workspace) {
  const int repository = workspace.repository().fd();
  const std::optional<struct stat> log = stat_at(repository, layout::k_index_log);
  if (!workspace.has_worktree() || stat_at(repository, layout::k_index_base) || (log && log->st_size != 0)) return false;
  try {
    return workspace.refs().head().commit.has_value();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return false;
  }
}

}  // namespace

void repair_index(RepairSite& site) {
  const Repository& repository = site.workspace.repository();
  const bool lost = is_lost(site.workspace);
  const IndexDamage damage = lost ? IndexDamage::base : examine_index(repository.fd());
  if (damage == IndexDamage::none) return;
  const std::optional<std::string> base =
      damage == IndexDamage::base ? site.quarantine.keep(layout::k_index_base) : std::nullopt;
  const std::optional<std::string> log = site.quarantine.keep(layout::k_index_log);
  const std::optional<IndexOrigin> origin = origin_of(site.workspace);
  rebuild_index(repository.fs(), repository.fd(), origin);
  const std::string_view was = lost ? "index: was lost" : damage == IndexDamage::base ? "index.base: was damaged" : "index.log: was damaged";
  const std::string_view is = origin ? "the index is as HEAD's commit, with what was surely staged since"
                                     : "the index has what could be read of it";
  site.done("index", fmt::format("{}: {}", was, is), (damage == IndexDamage::base ? base : log).value_or(""));
}

}  // namespace store
