#include "ops/attribute_changes.h"

#include <memory>

#include "base/error.h"
#include "base/path.h"
#include "ops/checkout_plan.h"
#include "ops/metadata.h"

namespace store {
namespace {

bool is_same(const TreeEntry& a, const TreeEntry& b) {
  if (a.kind != b.kind || a.mode != b.mode) return false;
  return a.kind == EntryKind::directory || (a.id == b.id && a.size == b.size);
}

/// The stream of attribute_changes().
class AttributeChanges {
 public:
  AttributeChanges(const ObjectReader& objects, const AttributedTree& before, const AttributedTree& after,
                   const AttributeChangesOptions& options)
      : objects_(objects), options_(options), after_(after.tree) {
    if (before.attributes)
      before_.emplace(objects, before.tree, *before.attributes, [](const std::string&, const Error&) {});
    if (after.attributes) enter("", after.tree, *after.attributes);
  }

  std::optional<TreeChange> next() {
    while (!levels_.empty()) {
      AttributesCursor& cursor = levels_.back().cursor;
      if (cursor.at_end()) {
        levels_.pop_back();
        continue;
      }
      const std::string path = join_path(levels_.back().path, cursor.entry().name);
      const TreeEntry entry = cursor.entry();
      const Attributes attributes = cursor.attributes();
      advance();
      if (std::optional<TreeChange> change = compare(path, entry, attributes)) return change;
    }
    return {};
  }

 private:
  struct Level {
    std::string path;
    AttributesCursor cursor;
  };

  /// Damage costs the attributes of what is left in the directory.
  void on_damage(const std::string& directory, const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw error;
    options_.on_damage(directory, error);
  }

  void enter(const std::string& path, const ObjectId& tree, const ObjectId& attributes) {
    try {
      if (levels_.size() <= k_max_tree_depth) levels_.push_back({path, AttributesCursor(objects_, tree, attributes)});
    } catch (const Error& error) {
      on_damage(path, error);
    }
  }

  void advance() {
    try {
      levels_.back().cursor.next();
    } catch (const Error& error) {
      on_damage(levels_.back().path, error);
      levels_.pop_back();
    }
  }

  std::optional<TreeChange> compare(const std::string& path, const TreeEntry& entry, const Attributes& attributes) {
    const auto known = before_ ? before_->find(path) : std::nullopt;
    const bool directory = entry.kind == EntryKind::directory;
    if (known && !is_same(known->entry, entry) && !directory) return {};
    const bool equal = known && is_same(known->entry, entry) &&
                       selected(known->attributes, options_.selection) == selected(attributes, options_.selection);
    if (equal && known->entry.id == entry.id) return {};
    if (directory) enter(path, entry.id, *attributes.directory);
    const std::optional<std::string> old_link = known ? known->attributes.link : std::nullopt;
    const auto kind = needs_new_link(entry, old_link, attributes.link) ? TreeChange::Kind::link : TreeChange::Kind::attributes;
    return TreeChange{kind, path, entry, entry};
  }

  /// True if the file has to be linked to another one, or to be set apart from one that stays as it is.
  bool needs_new_link(const TreeEntry& entry, const std::optional<std::string>& before, const std::optional<std::string>& after) {
    if (!options_.selection.hardlinks || before == after) return false;
    if (after) return true;
    const std::optional<TreeEntry> other = entry_at(objects_, after_, *before);
    return other && is_same(*other, entry);
  }

  const ObjectReader& objects_;
  const AttributeChangesOptions& options_;
  ObjectId after_;
  std::optional<AttributesReader> before_;
  std::vector<Level> levels_;
};

}  // namespace

ChangeSource attribute_changes(const ObjectReader& objects, const AttributedTree& before, const AttributedTree& after,
                               const AttributeChangesOptions& options) {
  return [&objects, before, after, &options] {
    const auto stream = std::make_shared<AttributeChanges>(objects, before, after, options);
    return ChangeStream([stream] { return stream->next(); });
  };
}

}  // namespace store
