#include "ops/index_tree.h"

#include <algorithm>
#include <vector>

#include "base/path.h"
#include "format/tree.h"

namespace store {
namespace {

/// The directories from the root down to where the walk is, each with its tree in the making.
class OpenDirectories {
 public:
  explicit OpenDirectories(ObjectWriter& writer) : writer_(writer) {}

  void enter(const IndexEntry& directory) {
    stack_.push_back({directory, TreeBuilder([this](const NodeBuilder::Built& built) {
                        writer_.put({ObjectType::tree, built.id}, built.bytes);
                      })});
  }

  /// Finishes directories until the innermost one holds `path`.
  void leave_until_within(std::string_view path) {
    while (stack_.size() > 1 && !is_within(path, stack_.back().entry.path)) leave();
  }

  void add(const IndexEntry& entry) {
    stack_.back().builder.add({entry.kind, entry.mode, entry.size, std::string(base_name(entry.path)), entry.id});
  }

  IndexTree finish() {
    while (stack_.size() > 1) leave();
    const ObjectId id = close_innermost();
    std::sort(built_.begin(), built_.end(),
              [](const IndexEntry& a, const IndexEntry& b) { return PathLess()(a.path, b.path); });
    return {id, std::move(built_)};
  }

 private:
  struct Directory {
    IndexEntry entry;
    TreeBuilder builder;
  };

  ObjectId close_innermost() {
    const NodeBuilder::Root root = stack_.back().builder.finish();
    stack_.back().entry.id = root.id;
    stack_.back().entry.size = root.bytes;
    built_.push_back(stack_.back().entry);
    return root.id;
  }

  void leave() {
    close_innermost();
    const IndexEntry entry = std::move(stack_.back().entry);
    stack_.pop_back();
    add(entry);
  }

  ObjectWriter& writer_;
  std::vector<Directory> stack_;
  std::vector<IndexEntry> built_;
};

}  // namespace

IndexTree write_index_tree(const Index& index, ObjectWriter& writer) {
  Index::Cursor at = index.seek("");
  IndexEntry root;
  root.kind = EntryKind::directory;
  root.mode = 0755;
  if (!at.at_end() && at.entry().path.empty()) {
    root = at.entry();
    if (!root.id.is_zero()) return {root.id, {}};
    at.next();
  }
  OpenDirectories open(writer);
  open.enter(root);
  while (!at.at_end()) {
    const IndexEntry& entry = at.entry();
    open.leave_until_within(entry.path);
    if (entry.kind != EntryKind::directory) {
      open.add(entry);
    } else if (entry.id.is_zero()) {
      open.enter(entry);
    } else {
      open.add(entry);
      at.next_sibling();
      continue;
    }
    at.next();
  }
  return open.finish();
}

void record_trees(Index& index, const IndexTree& tree, bool sync) {
  Index::Batch batch = index.begin();
  for (const IndexEntry& directory : tree.built) batch.put(directory);
  batch.commit(sync);
}

IngestTotals index_totals(const Index& index) {
  IngestTotals totals;
  for (Index::Cursor at = index.seek(""); !at.at_end(); at.next()) {
    const IndexEntry& entry = at.entry();
    if (entry.path.empty()) continue;
    totals.directories += entry.kind == EntryKind::directory;
    totals.symlinks += entry.kind == EntryKind::symlink;
    if (!is_regular(entry.kind)) continue;
    ++totals.files;
    totals.bytes += entry.size;
    totals.chunks += entry.chunks;
  }
  return totals;
}

}  // namespace store
