#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/attributes.h"
#include "format/tree.h"
#include "repo/node_cursor.h"

namespace store {

/// The only entry of a commit's root object: the root directory's own attributes, with `directory` and `mode`.
Attributes read_root_attributes(const ObjectReader& objects, const ObjectId& root_object);

/// A directory's entries with their attributes, side by side: both lists are cut alike. Error{corrupt} if they are not, or if the
/// attributes do not fit the entries.
class AttributesCursor {
 public:
  AttributesCursor(const ObjectReader& objects, const ObjectId& tree, const ObjectId& attributes);
  bool at_end() const { return tree_.at_end(); }
  const TreeEntry& entry() const { return entry_; }
  const Attributes& attributes() const { return current_; }
  void next();
  /// Goes on to a name at or behind the current one; true if it is there.
  bool go_to(std::string_view name);

 private:
  void load();
  void jump(std::string_view name);
  const ObjectReader* objects_;
  ObjectId tree_id_;
  ObjectId attributes_id_;
  NodeCursor tree_;
  NodeCursor attributes_;
  TreeEntry entry_;
  Attributes current_;
};

/// Looks up the attributes of paths that are asked for in path order. Damage costs the attributes of what is in that directory, and
/// is told once; everything else goes on. Memory: a few nodes for each directory on the way to the last path.
class AttributesReader {
 public:
  using OnDamage = std::function<void(const std::string& directory, const Error& error)>;
  AttributesReader(const ObjectReader& objects, const ObjectId& tree, const ObjectId& attributes, OnDamage on_damage);

  struct Found {
    TreeEntry entry;
    Attributes attributes;
  };
  /// Nothing if the path is not there, or its attributes are damaged.
  std::optional<Found> find(const std::string& path);
  std::optional<Attributes> at(const std::string& path);

 private:
  struct Level {
    std::string path;
    std::optional<AttributesCursor> cursor;  // nothing: damaged
  };
  bool enter(const std::string& path, const ObjectId& tree, const ObjectId& attributes);
  bool go_to(std::string_view name);
  void on_damage(const Error& error);

  const ObjectReader& objects_;
  OnDamage on_damage_;
  std::vector<Level> levels_;
};

}  // namespace store
