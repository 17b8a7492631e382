#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "format/tree.h"
#include "ops/walk_limit.h"
#include "repo/node_cursor.h"
#include "repo/recipe_cursor.h"

namespace store {

/// The entries of one directory in name order, node by node in O(log n) memory. Every node is checked against its id, its
/// parent's entry, and the order of names across nodes: a hostile tree ends in Error{corrupt}.
class TreeCursor {
 public:
  TreeCursor(const ObjectReader& objects, const ObjectId& tree);
  bool at_end() const { return !entry_; }
  const TreeEntry& entry() const { return *entry_; }
  void next();
  /// If both stand at the start of the same nodes, both go on behind those, which are not read.
  static void skip_shared(TreeCursor& a, TreeCursor& b);
  /// Lets go of the nodes in memory, not of the position: next() reads them again.
  void suspend() { nodes_.reset(); }
  /// Totals of the root node.
  std::uint64_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void load();
  const ObjectReader* objects_;
  ObjectId tree_;
  std::optional<NodeCursor> nodes_;
  std::optional<TreeEntry> entry_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Leads to the first entry of a tree whose name is not below `name`. Names ascend within a node: decode_node checked that.
NodeCursor::Pick pick_name(std::string_view name);

/// One name of a directory, in O(log n) node reads.
std::optional<TreeEntry> find_entry(const ObjectReader& objects, const ObjectId& tree, std::string_view name);

/// Visits everything below `tree` in path order, a directory before its content; `visit(path, entry)` returns false to skip a
/// directory's content. Depth and number of paths are limited (WalkLimit).
void walk_tree(const ObjectReader& objects, const ObjectId& tree, const std::string& path,
               const std::function<bool(const std::string& path, const TreeEntry& entry)>& visit);

/// A difference between two trees.
struct TreeChange {
  /// The last two are a checkout's: the entry is the same, but not its attributes, or what it is a hard link of.
  enum class Kind { added, modified, deleted, type_changed, attributes, link };
  Kind kind{};
  std::string path;
  std::optional<TreeEntry> before;
  std::optional<TreeEntry> after;
};

struct TreeDiffOptions {
  /// Asked before a directory is entered; nothing: all are.
  std::function<bool(const std::string& directory)> enter;
  /// Report a directory whose content alone differs as `modified` too.
  bool changed_directories = false;
};

/// The differences of two trees (no id: the empty tree), one at a time in path order; equal subtrees are never entered, and
/// of a huge directory only the nodes that differ are read.
/// A changed directory is itself reported only when it was added, deleted or its mode changed. A directory that became
/// something else, or the reverse, is `type_changed`, and its content follows as deleted or added.
/// Memory: a bounded number of nodes, whatever the depth. Depth and number of paths are limited (WalkLimit).
class TreeDiff {
 public:
  TreeDiff(const ObjectReader& objects, const std::optional<ObjectId>& before, const std::optional<ObjectId>& after,
           TreeDiffOptions options = {});
  /// Nothing at the end.
  std::optional<TreeChange> next();

 private:
  struct Level {
    std::string path;
    std::optional<TreeCursor> before;
    std::optional<TreeCursor> after;
  };
  std::optional<TreeChange> step();
  void enter(const TreeChange& change);
  void push(std::string path, const TreeEntry* before, const TreeEntry* after);
  void push(Level level);

  const ObjectReader* objects_;
  TreeDiffOptions options_;
  WalkLimit limit_;
  std::vector<Level> levels_;
};

/// Compares two trees with a TreeDiff.
void diff_trees(const ObjectReader& objects, const std::optional<ObjectId>& before, const std::optional<ObjectId>& after,
                const std::function<void(const TreeChange&)>& visit);

}  // namespace store
