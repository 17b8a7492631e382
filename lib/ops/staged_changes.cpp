#include "ops/staged_changes.h"

#include "base/path.h"
#include "ops/tree_reader.h"

namespace store {
namespace {

class Comparison {
 public:
  Comparison(const ObjectReader& objects, const Index& index, const std::function<void(const ListedChange&)>& visit)
      : objects_(objects), at_(index.seek("")), visit_(visit), limit_(objects, {}) {}

  void run(const std::optional<ObjectId>& tree) {
    if (tree) limit_ = WalkLimit(objects_, {*tree});
    if (!at_.at_end() && at_.entry().path.empty()) {
      if (tree && at_.entry().id == *tree) return;
      at_.next();
    }
    compare_directory("", tree);
  }

 private:
  /// The cursor stands at the first index entry of the directory, and is left behind its last one.
  void compare_directory(const std::string& path, const std::optional<ObjectId>& tree) {
    std::optional<TreeCursor> recorded;
    if (tree) recorded.emplace(objects_, *tree);
    limit_.enter(path, recorded ? recorded->count() : 0);
    for (;;) {
      const bool has_index = !at_.at_end() && is_within(at_.entry().path, path) && at_.entry().path != path;
      const bool has_tree = recorded && !recorded->at_end();
      if (!has_index && !has_tree) break;
      int order = has_index ? 1 : -1;
      if (has_index && has_tree) order = recorded->entry().name.compare(base_name(at_.entry().path));
      if (!has_index || (has_tree && order < 0)) {
        deleted(join_path(path, recorded->entry().name), recorded->entry());
        recorded->next();
      } else if (!has_tree || order > 0) {
        added();
      } else {
        both(recorded->entry());
        recorded->next();
      }
    }
    limit_.leave();
  }

  void deleted(const std::string& path, const TreeEntry& entry) {
    limit_.step();
    if (entry.kind != EntryKind::directory) {
      visit_({path, Change::deleted, {}, entry, {}});
      return;
    }
    TreeCursor below(objects_, entry.id);
    if (below.at_end()) visit_({path, Change::deleted, {}, entry, {}});
    limit_.enter(path, below.count());
    for (; !below.at_end(); below.next()) deleted(join_path(path, below.entry().name), below.entry());
    limit_.leave();
  }

  void added() {
    const IndexEntry entry = at_.entry();
    at_.next();
    if (entry.kind != EntryKind::directory) {
      visit_({entry.path, Change::added, {}, {}, tree_entry_of(entry)});
      return;
    }
    const bool empty = at_.at_end() || !is_within(at_.entry().path, entry.path);
    if (empty) visit_({entry.path, Change::added, {}, {}, tree_entry_of(entry)});
    while (!at_.at_end() && is_within(at_.entry().path, entry.path)) added();
  }

  void both(const TreeEntry& before) {
    const IndexEntry now = at_.entry();
    const bool was_directory = before.kind == EntryKind::directory;
    const bool is_directory = now.kind == EntryKind::directory;
    if (was_directory != is_directory) {
      if (was_directory) added();
      deleted(now.path, before);
      if (!was_directory) added();
      return;
    }
    const bool same_class = before.kind == now.kind || (is_regular(before.kind) && is_regular(now.kind));
    if (!same_class) {
      visit_({now.path, Change::typechange, {}, before, tree_entry_of(now)});
    } else if (before.mode != now.mode ||
               (!is_directory && (before.id != now.id || before.size != now.size || before.kind != now.kind))) {
      visit_({now.path, Change::modified, {}, before, tree_entry_of(now)});
    }
    if (!is_directory) {
      at_.next();
    } else if (now.id == before.id) {
      at_.next_sibling();
    } else {
      at_.next();
      compare_directory(now.path, before.id);
    }
  }

  const ObjectReader& objects_;
  Index::Cursor at_;
  const std::function<void(const ListedChange&)>& visit_;
  WalkLimit limit_;  // of the tree: the index is our own
};

}  // namespace

void for_each_staged_change(const ObjectReader& objects, const std::optional<ObjectId>& tree, const Index& index,
                            const std::function<void(const ListedChange&)>& visit) {
  Comparison(objects, index, visit).run(tree);
}

}  // namespace store
