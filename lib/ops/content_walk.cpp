#include "ops/content_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace store {
namespace {

/// Nodes on the way down: as deep as directories may be, and a few levels for large ones. A hostile chain ends here before
/// the stack does.
constexpr unsigned k_max_depth = 4096 + 64;

}  // namespace

ObjectMarks::Pack& ObjectMarks::pack(const ObjectId& id) {
  Pack& pack = packs_[id];
  if (pack.footer) return pack;
  const Repository& repository = workspace_.repository();
  try {
    pack.footer = MappedFooter::open(repository, id, FooterView::Verify::no);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    pack.footer = MappedFooter::rescue(repository, id);
  }
  if (!pack.footer) throw_corrupt(fmt::format("pack {}: missing", id.short_hex()));
  pack.seen.resize(pack.footer->view().size());
  return pack;
}

bool ObjectMarks::mark(const ObjectKey& key) {
  std::optional<ObjectLocation> at = workspace_.objects().find(key);
  if (!at) {
    workspace_.objects().refresh();
    at = workspace_.objects().find(key);
  }
  if (!at) throw Error(ErrorKind::corrupt, fmt::format("{} {}: missing", name_of(key.type), key.id.hex()), "store fsck");
  Pack& found = pack(at->pack);
  const std::size_t index = found.footer->view().lower_bound(key);
  if (index >= found.seen.size() || found.seen[index]) return false;
  found.seen[index] = true;
  return true;
}

bool ObjectMarks::is_marked(const ObjectId& pack, std::size_t index) const {
  const auto found = packs_.find(pack);
  return found != packs_.end() && index < found->second.seen.size() && found->second.seen[index];
}

void SizeHistogram::add(std::uint64_t size, std::uint64_t count) { add_to(static_cast<std::uint8_t>(std::bit_width(size)), count); }

void SizeHistogram::add(const SizeHistogram& other) {
  for (const auto& [bucket, count] : other.buckets_) add_to(bucket, count);
}

void SizeHistogram::add_to(std::uint8_t bucket, std::uint64_t count) {
  const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), std::pair<std::uint8_t, std::uint64_t>(bucket, 0));
  if (at != buckets_.end() && at->first == bucket)
    at->second += count;
  else
    buckets_.insert(at, {bucket, count});
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> SizeHistogram::rows() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> rows;
  for (const auto& [bucket, count] : buckets_) rows.emplace_back(bucket == 0 ? 0 : 1ULL << (bucket - 1), count);
  return rows;
}

void ContentTotals::add(const ContentTotals& other) {
  small_files += other.small_files;
  small_bytes = saturating_add(small_bytes, other.small_bytes);
  large_files += other.large_files;
  large_bytes = saturating_add(large_bytes, other.large_bytes);
  hole_bytes = saturating_add(hole_bytes, other.hole_bytes);
  file_sizes.add(other.file_sizes);
}

ContentWalk::ContentWalk(const Workspace& workspace, ObjectMarks& marks, Met met)
    : workspace_(workspace), objects_(workspace.objects()), marks_(marks), met_(std::move(met)) {}

/// Levels fall by one on the way down: what a parent says is checked.
StoredNode ContentWalk::read_node(const ObjectKey& key, std::optional<unsigned> level, unsigned depth) const {
  workspace_.check_cancelled();
  if (depth > k_max_depth) throw_corrupt(fmt::format("{} {}: depth exceeds {}", name_of(key.type), key.id.hex(), k_max_depth));
  StoredNode node(objects_, key);
  if (level && node.level() != *level)
    throw_corrupt(fmt::format("{} {}: is of level {}, its parent says {}", name_of(key.type), key.id.hex(), node.level(), *level));
  return node;
}

const ContentTotals& ContentWalk::tree(const ObjectId& id) { return tree_node(id, {}, 0); }

const ContentTotals& ContentWalk::commit(const ObjectId& id, const Commit& commit) {
  if (marks_.mark({ObjectType::commit, id}) && met_) met_({ObjectType::commit, id}, encode_commit(commit).size());
  if (commit.attributes) attributes(*commit.attributes);
  return tree(commit.tree);
}

const ContentTotals& ContentWalk::tree_node(const ObjectId& id, std::optional<unsigned> level, unsigned depth) {
  if (const auto known = trees_.find(id); known != trees_.end()) return known->second;
  ContentTotals totals;
  const bool fresh = marks_.mark({ObjectType::tree, id});
  const StoredNode node = read_node({ObjectType::tree, id}, level, depth);
  if (fresh && met_) met_({ObjectType::tree, id}, node.stored_bytes());
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.level() > 0) {
      totals.add(tree_node(node.upper_entry(i).id, node.level() - 1u, depth + 1));
    } else {
      const TreeEntry found = node.tree_entry(i);
      totals.add(entry_at(found.kind, found.size, found.id, depth));
    }
  }
  if (Progress* progress = workspace_.env().progress) progress->files_done += node.level() == 0 ? node.size() : 0;
  return trees_.emplace(id, std::move(totals)).first->second;
}

ContentTotals ContentWalk::entry(EntryKind kind, std::uint64_t size, const ObjectId& id) { return entry_at(kind, size, id, 0); }

ContentTotals ContentWalk::entry_at(EntryKind kind, std::uint64_t size, const ObjectId& id, unsigned depth) {
  if (kind == EntryKind::directory) return tree_node(id, {}, depth + 1);
  ContentTotals totals;
  if (is_regular(kind)) totals.file_sizes.add(size);
  if (kind == EntryKind::file) {
    totals.small_files = 1;
    totals.small_bytes = size;
  } else if (kind == EntryKind::large_file) {
    totals.large_files = 1;
    totals.large_bytes = size;
    totals.hole_bytes = recipe_holes(id, {});
  }
  const std::optional<ObjectKey> key = object_of(kind, size, id);
  if (key && key->type == ObjectType::chunk) chunk(id, size);
  return totals;
}

std::uint64_t ContentWalk::recipe_holes(const ObjectId& id, std::optional<unsigned> level) {
  if (!marks_.mark({ObjectType::recipe, id})) {
    const auto known = recipe_holes_.find(id);
    return known == recipe_holes_.end() ? 0 : known->second;
  }
  const StoredNode node = read_node({ObjectType::recipe, id}, level, 0);
  if (met_) met_({ObjectType::recipe, id}, node.stored_bytes());
  std::uint64_t holes = 0;
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.level() > 0) {
      holes = saturating_add(holes, recipe_holes(node.upper_entry(i).id, node.level() - 1u));
      continue;
    }
    const RecipeEntry stretch = node.recipe_entry(i);
    if (stretch.kind == RecipeKind::zeros)
      holes = saturating_add(holes, stretch.length);
    else
      chunk(stretch.id, stretch.length);
  }
  if (holes != 0) recipe_holes_.emplace(id, holes);
  return holes;
}

void ContentWalk::chunk(const ObjectId& id, std::uint64_t length) {
  if (marks_.mark({ObjectType::chunk, id}) && met_) met_({ObjectType::chunk, id}, length);
}

void ContentWalk::attributes(const ObjectId& id) { attributes_node(id, {}, 0); }

void ContentWalk::attributes_node(const ObjectId& id, std::optional<unsigned> level, unsigned depth) {
  if (!marks_.mark({ObjectType::attributes, id})) return;
  const StoredNode node = read_node({ObjectType::attributes, id}, level, depth);
  if (met_) met_({ObjectType::attributes, id}, node.stored_bytes());
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.level() > 0) {
      attributes_node(node.upper_entry(i).id, node.level() - 1u, depth + 1);
      continue;
    }
    const Attributes found = node.attributes(i);
    if (found.directory) attributes_node(*found.directory, {}, depth + 1);
    for (const Xattr& xattr : found.xattrs)
      if (xattr.chunk) chunk(*xattr.chunk, xattr.length);
  }
}

}  // namespace store
