#include "ops/stats.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "format/index_metadata.h"
#include "ops/commit_graph.h"
#include "ops/pack_blocks.h"
#include "worktree/index.h"

namespace store {
namespace {

class Statistics {
 public:
  explicit Statistics(Workspace& workspace)
      : workspace_(workspace),
        objects_(workspace.objects()),
        marks_(workspace),
        walk_(workspace, marks_, [this](const ObjectKey& key, std::uint64_t length) {
          if (key.type == ObjectType::chunk) count_chunk(length);
        }) {}

  /// Phases: commits of all refs; what else is named; what lies in the packs.
  StatsResult run() {
    if (workspace_.env().progress != nullptr) workspace_.env().progress->enter(Stage::scan);
    CommitWalk history(workspace_, every_tip(workspace_), {}, Parents::all);
    while (const std::optional<CommitWalk::Item> item = history.next()) {
      ++result_.commits;
      result_.content.add(walk_.commit(item->id, item->commit));
    }
    result_.logical_bytes = saturating_add(result_.content.small_bytes, result_.content.large_bytes);
    mark_oplog();
    mark_index();
    const std::shared_ptr<const CatalogState> catalog = objects_.catalog();
    result_.layers = read_catalog_history(workspace_.repository()).layers.size();
    for (const CatalogState::Pack& pack : catalog->packs) add_pack(pack.pack);
    return std::move(result_);
  }

 private:
  void count_chunk(std::uint64_t length) {
    result_.unique_bytes += length;
    result_.chunk_sizes.add(length);
  }

  void mark_tree(const std::optional<ObjectId>& tree) {
    if (tree && objects_.contains({ObjectType::tree, *tree})) walk_.tree(*tree);
  }

  void mark_attributes(const std::optional<ObjectId>& id) {
    if (id && objects_.contains({ObjectType::attributes, *id})) walk_.attributes(*id);
  }

  /// Commits that refs had, and trees that `undo` restores.
  void mark_oplog() {
    std::vector<ObjectId> tips;
    workspace_.refs().read_oplog([&](const OplogStep& step) {
      for (const auto& change : step.record.changes)
        for (const std::optional<RefValue>& value : {change.old_value, change.new_value})
          if (value && value->id && objects_.contains({ObjectType::commit, *value->id})) tips.push_back(*value->id);
      mark_tree(step.record.index_before);
      mark_tree(step.record.index_after);
      mark_tree(step.record.discarded);
      mark_tree(step.record.brought_back);
      mark_attributes(step.record.discarded_attributes);
    });
    CommitWalk history(workspace_, tips, every_tip(workspace_), Parents::all);
    while (const std::optional<CommitWalk::Item> item = history.next()) walk_.commit(item->id, item->commit);
  }

  void mark_index() {
    const Repository& repository = workspace_.repository();
    const Index index(repository.fs(), repository.fd());
    for (Index::Cursor at = index.seek(""); !at.at_end();) {
      const IndexEntry& entry = at.entry();
      const bool directory = entry.kind == EntryKind::directory;
      const bool unchanged = directory && !entry.id.is_zero() && objects_.contains({ObjectType::tree, entry.id});
      const bool known = unchanged && !entry.attributes.is_zero() && objects_.contains({ObjectType::attributes, entry.attributes});
      if (unchanged || !directory) walk_.entry(entry.kind, entry.size, entry.id);
      if (known) walk_.attributes(entry.attributes);
      for (const Xattr& xattr : decode_index_metadata(entry.metadata).attributes.xattrs)
        if (xattr.chunk && objects_.contains({ObjectType::chunk, *xattr.chunk})) walk_.chunk(*xattr.chunk, xattr.length);
      if (known)
        at.next_sibling();
      else
        at.next();
    }
  }

  void add_pack(const CatalogPack& pack) {
    workspace_.check_cancelled();
    ++result_.packs;
    result_.stored_bytes += pack.size;
    const std::optional<PackFile> file = open_or_rescue_pack(workspace_.repository(), pack.id);
    if (!file) throw Error(ErrorKind::corrupt, fmt::format("pack {}: missing", pack.id.short_hex()), "store fsck");
    const FooterView footer(file->footer, FooterView::Verify::no);
    std::vector<Unmarked> unmarked;
    for (std::size_t i = 0; i < footer.size(); ++i) {
      if (marks_.is_marked(pack.id, i)) {
        ++result_.objects;
        continue;
      }
      const FooterEntry entry = footer.entry(i);
      unmarked.push_back({entry.block, entry.ordinal, entry.key});
    }
    std::ranges::sort(unmarked, [](const Unmarked& a, const Unmarked& b) { return a.block < b.block; });
    for (std::size_t first = 0; first < unmarked.size();) {
      std::size_t last = first;
      while (last < unmarked.size() && unmarked[last].block == unmarked[first].block) ++last;
      add_unreferenced(*file, footer, std::span(unmarked).subspan(first, last - first));
      first = last;
    }
  }

  struct Unmarked {
    std::uint32_t block;
    std::uint32_t ordinal;
    ObjectKey key;
  };

  /// Of one block. Another copy of an object that is marked or was counted elsewhere is no object of its own.
  void add_unreferenced(const PackFile& file, const FooterView& footer, std::span<const Unmarked> objects) {
    const PackBlock block = read_pack_block(file, footer, objects.front().block);
    std::uint64_t raw = 0;
    for (const Unmarked& object : objects) {
      if (object.ordinal >= block.header.objects.size())
        throw_corrupt(fmt::format("pack {}: footer names an object that its block does not have", file.id.short_hex()));
      const std::uint32_t length = block.header.objects[object.ordinal].length;
      raw += length;
      const std::optional<ObjectLocation> chosen = objects_.find(object.key);
      if (!chosen || *chosen != ObjectLocation{file.id, block.offset, object.ordinal}) continue;
      ++result_.objects;
      if (object.key.type == ObjectType::chunk) count_chunk(length);
    }
    result_.unreferenced_bytes += stored_share(block, raw);
  }

  Workspace& workspace_;
  ObjectStore& objects_;
  ObjectMarks marks_;
  ContentWalk walk_;
  StatsResult result_;
};

double ratio(std::uint64_t a, std::uint64_t b) {
  return a == 0 || b == 0 ? 1.0 : static_cast<double>(a) / static_cast<double>(b);
}

}  // namespace

double StatsResult::dedup_ratio() const { return ratio(logical_bytes, unique_bytes); }
double StatsResult::compression_ratio() const { return ratio(unique_bytes, stored_bytes); }

StatsResult stats(Workspace& workspace) { return Statistics(workspace).run(); }

}  // namespace store
