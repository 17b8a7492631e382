#include "ops/tree_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"

namespace store {
namespace {

/// Directories further down than this let go of the nodes above them, so that a hostile chain of 4096 directories with
/// full nodes takes the memory of 32.
constexpr std::size_t k_resident_levels = 32;

std::string name_at(const StoredNode& node, std::size_t index) {
  return node.level() > 0 ? node.upper_entry(index).name : node.tree_entry(index).name;
}

std::vector<ObjectId> roots_of(const std::optional<ObjectId>& before, const std::optional<ObjectId>& after) {
  std::vector<ObjectId> roots;
  if (before) roots.push_back(*before);
  if (after) roots.push_back(*after);
  return roots;
}

std::uint64_t count_of(const std::optional<TreeCursor>& cursor) { return cursor ? cursor->count() : 0; }

/// A directory's root node must hold what its entry says.
void check_directory(const std::string& path, const TreeEntry& entry, const TreeCursor& cursor) {
  if (cursor.bytes() != entry.size)
    throw_corrupt(fmt::format("tree {}: {}: holds {} bytes, its entry says {}", entry.id.hex(), escape_name(path),
                              cursor.bytes(), entry.size));
}

}  // namespace

NodeCursor::Pick pick_name(std::string_view name) {
  return [name](const StoredNode& node) {
    std::size_t low = 0;
    std::size_t high = node.size();
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (name_at(node, middle) < name)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  };
}

TreeCursor::TreeCursor(const ObjectReader& objects, const ObjectId& tree) : objects_(&objects), tree_(tree) {
  nodes_.emplace(objects, ObjectKey{ObjectType::tree, tree});
  count_ = nodes_->count();
  bytes_ = nodes_->bytes();
  load();
}

void TreeCursor::load() {
  entry_.reset();
  if (!nodes_->at_end()) entry_ = nodes_->tree_entry();
}

void TreeCursor::next() {
  if (!nodes_) nodes_.emplace(*objects_, ObjectKey{ObjectType::tree, tree_}, pick_name(entry_->name));
  nodes_->next();
  load();
}

void TreeCursor::skip_shared(TreeCursor& a, TreeCursor& b) {
  if (!a.nodes_ || !b.nodes_ || !NodeCursor::skip_shared(*a.nodes_, *b.nodes_)) return;
  a.load();
  b.load();
}

std::optional<TreeEntry> find_entry(const ObjectReader& objects, const ObjectId& tree, std::string_view name) {
  const NodeCursor cursor(objects, {ObjectType::tree, tree}, pick_name(name));
  if (cursor.at_end()) return {};
  TreeEntry entry = cursor.tree_entry();
  if (entry.name != name) return {};
  return entry;
}

void walk_tree(const ObjectReader& objects, const ObjectId& tree, const std::string& path,
               const std::function<bool(const std::string& path, const TreeEntry& entry)>& visit) {
  struct Level {
    std::string path;
    TreeCursor cursor;
  };
  std::vector<Level> levels;
  WalkLimit limit(objects, {tree});
  const auto enter = [&](std::string below, TreeCursor cursor) {
    limit.enter(below, cursor.count());
    levels.push_back({std::move(below), std::move(cursor)});
  };
  enter(path, TreeCursor(objects, tree));
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.cursor.at_end()) {
      levels.pop_back();
      limit.leave();
      if (!levels.empty()) levels.back().cursor.next();
      continue;
    }
    limit.step();
    const TreeEntry entry = level.cursor.entry();
    std::string entry_path = join_path(level.path, entry.name);
    if (!visit(entry_path, entry) || entry.kind != EntryKind::directory) {
      level.cursor.next();
      continue;
    }
    if (levels.size() >= k_resident_levels) level.cursor.suspend();
    TreeCursor below(objects, entry.id);
    check_directory(entry_path, entry, below);
    enter(std::move(entry_path), std::move(below));
  }
}

TreeDiff::TreeDiff(const ObjectReader& objects, const std::optional<ObjectId>& before,
                   const std::optional<ObjectId>& after, TreeDiffOptions options)
    : objects_(&objects), options_(std::move(options)), limit_(objects, roots_of(before, after)) {
  if (before == after) return;
  Level root;
  if (before) root.before.emplace(objects, *before);
  if (after) root.after.emplace(objects, *after);
  push(std::move(root));
}

void TreeDiff::push(Level level) {
  limit_.enter(level.path, std::max(count_of(level.before), count_of(level.after)));
  levels_.push_back(std::move(level));
}

std::optional<TreeChange> TreeDiff::next() {
  while (!levels_.empty()) {
    if (std::optional<TreeChange> change = step()) return change;
  }
  return {};
}

namespace {

const TreeEntry* current(const std::optional<TreeCursor>& cursor) {
  return cursor && !cursor->at_end() ? &cursor->entry() : nullptr;
}

bool is_directory(const std::optional<TreeEntry>& entry) { return entry && entry->kind == EntryKind::directory; }

TreeChange::Kind kind_of(const TreeChange& change) {
  if (!change.before) return TreeChange::Kind::added;
  if (!change.after) return TreeChange::Kind::deleted;
  return type_name(change.before->kind) == type_name(change.after->kind) ? TreeChange::Kind::modified
                                                                         : TreeChange::Kind::type_changed;
}

}  // namespace

/// Takes the next name of the innermost level; nothing if there is nothing to report of it.
std::optional<TreeChange> TreeDiff::step() {
  Level& level = levels_.back();
  if (level.before && level.after) TreeCursor::skip_shared(*level.before, *level.after);
  const TreeEntry* before = current(level.before);
  const TreeEntry* after = current(level.after);
  if (before == nullptr && after == nullptr) {
    levels_.pop_back();
    limit_.leave();
    return {};
  }
  limit_.step();
  TreeChange change;
  if (before != nullptr && (after == nullptr || before->name <= after->name)) change.before = *before;
  if (after != nullptr && (before == nullptr || after->name <= before->name)) change.after = *after;
  change.path = join_path(level.path, change.before ? change.before->name : change.after->name);
  change.kind = kind_of(change);
  if (change.before) level.before->next();
  if (change.after) level.after->next();
  if (change.before == change.after) return {};
  enter(change);
  const bool content_only = is_directory(change.before) && is_directory(change.after) &&
                            change.before->mode == change.after->mode;
  if (content_only && !options_.changed_directories) return {};
  return change;
}

/// Puts the content of the directories of a change on top of the levels.
void TreeDiff::enter(const TreeChange& change) {
  const TreeEntry* before = is_directory(change.before) ? &*change.before : nullptr;
  const TreeEntry* after = is_directory(change.after) ? &*change.after : nullptr;
  if (before == nullptr && after == nullptr) return;
  if (before != nullptr && after != nullptr && before->id == after->id) return;
  if (options_.enter && !options_.enter(change.path)) return;
  push(change.path, before, after);
}

void TreeDiff::push(std::string path, const TreeEntry* before, const TreeEntry* after) {
  if (levels_.size() >= k_resident_levels) {
    if (levels_.back().before) levels_.back().before->suspend();
    if (levels_.back().after) levels_.back().after->suspend();
  }
  Level level;
  level.path = std::move(path);
  if (before != nullptr) {
    level.before.emplace(*objects_, before->id);
    check_directory(level.path, *before, *level.before);
  }
  if (after != nullptr) {
    level.after.emplace(*objects_, after->id);
    check_directory(level.path, *after, *level.after);
  }
  push(std::move(level));
}

void diff_trees(const ObjectReader& objects, const std::optional<ObjectId>& before, const std::optional<ObjectId>& after,
                const std::function<void(const TreeChange&)>& visit) {
  TreeDiff diff(objects, before, after);
  while (const std::optional<TreeChange> change = diff.next()) visit(*change);
}

}  // namespace store
