#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "format/recipe.h"
#include "format/tree.h"
#include "repo/object_store.h"

namespace store {

/// The entries of one directory in name order, node by node in O(log n) memory. Every node is checked against its id, its
/// parent's entry, and the order of names across nodes: a hostile tree ends in Error{corrupt}.
class TreeCursor {
 public:
  TreeCursor(const ObjectReader& objects, const ObjectId& tree);
  bool at_end() const;
  const TreeEntry& entry() const;
  void next();
  /// Totals of the root node.
  std::uint64_t count() const;
  std::uint64_t bytes() const;

 private:
  struct Frame {
    Bytes bytes;
    Node node;
    std::size_t position = 0;
  };
  void descend();
  const ObjectReader* objects_;
  std::vector<Frame> frames_;
  std::optional<TreeEntry> entry_;
  std::string last_name_;
};

/// One name of a directory, in O(log n) node reads.
std::optional<TreeEntry> find_entry(const ObjectReader& objects, const ObjectId& tree, std::string_view name);

/// Visits everything below `tree` in path order, a directory before its content; `visit(path, entry)` returns false to skip a
/// directory's content. Depth is limited by path length (4096 components: Error{corrupt}).
void walk_tree(const ObjectReader& objects, const ObjectId& tree, const std::string& path,
               const std::function<bool(const std::string& path, const TreeEntry& entry)>& visit);

/// The stretches of a large file from `offset` on, in order; each with its offset in the file. Checked like trees.
class RecipeCursor {
 public:
  RecipeCursor(const ObjectReader& objects, const ObjectId& recipe, std::uint64_t offset = 0);
  bool at_end() const;
  const RecipeEntry& entry() const;
  /// Offset of entry() in the file.
  std::uint64_t offset() const { return offset_; }
  void next();
  std::uint64_t size() const;   // of the whole file
  std::uint64_t count() const;  // entries

 private:
  struct Frame {
    Bytes bytes;
    Node node;
    std::size_t position = 0;
  };
  const ObjectReader* objects_;
  std::vector<Frame> frames_;
  std::optional<RecipeEntry> entry_;
  std::uint64_t offset_ = 0;
};

/// A difference between two trees.
struct TreeChange {
  enum class Kind { added, modified, deleted, type_changed };
  Kind kind{};
  std::string path;
  std::optional<TreeEntry> before;
  std::optional<TreeEntry> after;
};
/// Compares two trees (no id: the empty tree) in path order; equal subtrees are never entered. A changed directory is itself
/// reported only when it was added, deleted or its mode changed.
void diff_trees(const ObjectReader& objects, const std::optional<ObjectId>& before, const std::optional<ObjectId>& after,
                const std::function<void(const TreeChange&)>& visit);

}  // namespace store
